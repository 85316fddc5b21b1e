using System.Text;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Logging;

/// <summary>
/// Warnings and errors that say the same again are left out for a while, at first <see cref="FirstWindow"/>, then twice as long each time,
/// <see cref="LongestWindow"/> at most; the next one that is written has their number. The same are those of one logger and event
/// whose values are equal but for numbers, as "next try in 3 s" is nothing new. When a logger says that something changed (an
/// information), what fails after it is new again.
/// </summary>
internal sealed class RepeatLimiter(TimeProvider time)
{
    public static readonly TimeSpan FirstWindow = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan LongestWindow = TimeSpan.FromMinutes(10);

    private const int MostKnown = 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Logger, string Text), Known> known = [];

    /// <summary>Whether the line is to be written.</summary>
    /// <param name="leftOut">How many like it were not, since the last one that was.</param>
    public bool Allows(in LogLine line, out int leftOut)
    {
        leftOut = 0;
        if (line.Level is LogLevel.Trace or LogLevel.Debug or LogLevel.Critical) return true;
        lock (gate)
        {
            if (line.Level == LogLevel.Information)
            {
                Forget(line.Logger);
                return true;
            }
            return Repeats(line, out leftOut);
        }
    }

    private bool Repeats(in LogLine line, out int leftOut)
    {
        leftOut = 0;
        var (key, now) = ((line.Logger, TextOf(line)), time.GetTimestamp());
        if (!known.TryGetValue(key, out var last))
        {
            if (known.Count >= MostKnown) known.Clear();
            known[key] = new Known(now, FirstWindow, 0);
            return true;
        }
        var passed = time.GetElapsedTime(last.WrittenAt, now);
        if (passed < last.Window)
        {
            known[key] = last with { LeftOut = last.LeftOut + 1 };
            return false;
        }
        leftOut = last.LeftOut;
        var isQuiet = last.LeftOut == 0 && passed > last.Window * 2;
        known[key] = new Known(now, isQuiet ? FirstWindow : TimeSpan.FromTicks(Math.Min(last.Window.Ticks * 2, LongestWindow.Ticks)), 0);
        return true;
    }

    private void Forget(string logger)
    {
        if (known.Count == 0) return;
        foreach (var key in known.Keys.Where(k => k.Logger == logger).ToList()) known.Remove(key);
    }

    private static string TextOf(in LogLine line)
    {
        var text = new StringBuilder(line.Event);
        foreach (var (name, value) in line.Fields)
            if (value is not (sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal or TimeSpan))
                text.Append('\n').Append(name).Append('=').Append(value);
        return text.Append('\n').Append(line.Exception?.Message).ToString();
    }

    private readonly record struct Known(long WrittenAt, TimeSpan Window, int LeftOut);
}
