using EbpfLb.Configuration.Input;

namespace EbpfLb.Configuration.Values;

/// <summary>
/// How short a period may be. How long is nobody's business: what is longer than a timer holds is waited for all the same, and "8760h" is
/// how people write "never".
/// </summary>
internal static class PeriodRules
{
    /// <summary>More often, looking would take all of a CPU.</summary>
    public static TimeSpan Shortest { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A period at which something is done for ever.</summary>
    public static void CheckPeriod(string path, TimeSpan period, Findings findings)
    {
        if (period <= TimeSpan.Zero) findings.Error(path, "must be longer than 0; give a duration such as 30s");
        else if (period < Shortest)
            findings.Error(path, $"{DurationText.Format(period)} is too short; give {DurationText.Format(Shortest)} or more");
    }

    /// <summary>A period that 0 switches off.</summary>
    public static void CheckPeriodOrOff(string path, TimeSpan period, Findings findings)
    {
        if (period < TimeSpan.Zero || (period > TimeSpan.Zero && period < Shortest))
            findings.Error(
                path, $"{DurationText.Format(period)} is too short; give {DurationText.Format(Shortest)} or more, or 0 for never");
    }

    /// <summary>The shortest time between two rounds must not be longer than the longest.</summary>
    public static void CheckOrder(string minPath, TimeSpan min, string maxPath, TimeSpan max, Findings findings)
    {
        if (min > max)
            findings.Error(minPath, $"{DurationText.Format(min)} is longer than {maxPath}, {DurationText.Format(max)}; make it shorter");
    }
}
