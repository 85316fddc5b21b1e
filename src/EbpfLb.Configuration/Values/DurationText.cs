using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EbpfLb.Configuration.Values;

/// <summary>Durations as Go and Kubernetes write them: "0", "250ms", "1.5s", "2m", "1m30s".</summary>
public static partial class DurationText
{
    /// <summary>What Go can hold is a little longer.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(200 * 365);

    /// <exception cref="FormatException">Not a duration of zero or more.</exception>
    public static TimeSpan Parse(string text)
    {
        if (text == "0") return TimeSpan.Zero;
        var match = Duration().Match(text);
        if (!match.Success)
            throw new FormatException($"'{text}' is not a duration; give a number with ms, s, m or h, such as 500ms or 1m30s, or 0");
        var numbers = match.Groups["number"].Captures;
        var units = match.Groups["unit"].Captures;
        var ticks = 0.0;
        for (var i = 0; i < numbers.Count; i++)
            ticks += TicksOf(units[i].Value) * double.Parse(
                numbers[i].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        // 0 means "off" or "the default" in many places; what is meant to be short is not that.
        if (ticks is > 0 and < 1) ticks = 1;
        return ticks <= Longest.Ticks ? TimeSpan.FromTicks((long)Math.Round(ticks))
            : throw new FormatException($"'{text}' is not a duration that fits; give less than 200 years");
    }

    /// <summary>As Go's Duration.String: "0s", "250ms", "30s", "24h0m0s".</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        if (duration < TimeSpan.FromSeconds(1)) return Invariant($"{duration.TotalMilliseconds:0.####}ms");
        var text = new StringBuilder();
        var hours = (long)duration.TotalHours;
        if (hours > 0) text.Append(Invariant($"{hours}h"));
        if (hours > 0 || duration.Minutes > 0) text.Append(Invariant($"{duration.Minutes}m"));
        return text.Append(Invariant($"{duration.TotalSeconds % 60:0.#######}s")).ToString();
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static double TicksOf(string unit) => unit switch
    {
        "ns" => 0.01,
        "us" or "\u00b5s" or "\u03bcs" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        _ => TimeSpan.TicksPerHour,
    };

    [GeneratedRegex("^((?<number>[0-9]{1,9}(\\.[0-9]{1,9})?|\\.[0-9]{1,9})(?<unit>ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Duration();
}
