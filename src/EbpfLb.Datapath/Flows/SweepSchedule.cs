namespace EbpfLb.Datapath.Flows;

/// <summary>How often a map is collected: seldom while there is room, every second when it is filling up. Pure.</summary>
public static class SweepSchedule
{
    private const double Roomy = 0.1;
    private const double Crowded = 0.75;

    public static TimeSpan Longest { get; } = TimeSpan.FromSeconds(30);

    public static TimeSpan Shortest { get; } = TimeSpan.FromSeconds(1);

    /// <summary>30 s up to a fill of 10 %, 1 s from 75 % on, by a constant factor per percent in between.</summary>
    /// <param name="fill">0 to 1.</param>
    public static TimeSpan Interval(double fill)
    {
        var crowding = Math.Clamp((fill - Roomy) / (Crowded - Roomy), 0, 1);
        return Longest * Math.Pow(Shortest / Longest, crowding);
    }
}
