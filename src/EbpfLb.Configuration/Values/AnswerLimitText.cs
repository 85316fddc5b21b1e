using System.Globalization;

namespace EbpfLb.Configuration.Values;

/// <summary>How many answers are sent: "1000/1000/50" (milliseconds between those to one address, a second, at once), or "off".</summary>
public static class AnswerLimitText
{
    public const string Off = "off";

    /// <param name="limit">0 is no limit.</param>
    public static bool TryParse(string text, out (int GapMilliseconds, int PerSecond, int Burst) limit)
    {
        limit = default;
        if (text == Off) return true;
        if (text.Split('/', StringSplitOptions.TrimEntries) is not [var gap, var rate, var burst]) return false;
        if (!TryNumber(gap, out limit.GapMilliseconds) || !TryNumber(rate, out limit.PerSecond) || !TryNumber(burst, out limit.Burst))
            return false;
        return limit.PerSecond == 0 || limit.Burst > 0;
    }

    private static bool TryNumber(string text, out int number)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
