namespace EbpfLb.Model;

/// <summary>
/// How a new connection gets its backend. All but <see cref="Random"/> are schedulers of IPVS and do what ipvsadm(8) says of theirs;
/// docs/policy.md, "Who gets the connection", says where they differ.
/// </summary>
public enum Scheduler : byte
{
    /// <summary>By chance, in proportion to the weights.</summary>
    Random,
    RoundRobin,
    WeightedRoundRobin,
    LeastConnection,
    WeightedLeastConnection,
    SourceHash,
    DestinationHash,
    ShortestExpectedDelay,
    NeverQueue,

    /// <summary>By a table of consistent hashing, the same on every node; `mh` of IPVS.</summary>
    Maglev,
}

/// <summary>The names of schedulers: those of ipvsadm(8), and ours where it has none.</summary>
public static class SchedulerNames
{
    /// <summary>By the numbers of the enum.</summary>
    private static readonly string[] Names = ["random", "rr", "wrr", "lc", "wlc", "sh", "dh", "sed", "nq", "maglev"];

    /// <summary>For messages: "random, rr, ... or maglev".</summary>
    public static string Allowed { get; } = $"{string.Join(", ", Names[..^1])} or {Names[^1]}";

    /// <summary>"wrr".</summary>
    public static string ToText(this Scheduler scheduler) => Names[(int)scheduler];

    /// <summary>Reads a name; `mh`, as IPVS calls it, is Maglev too. Case counts, as with ipvsadm.</summary>
    public static bool TryParse(string text, out Scheduler scheduler)
    {
        var index = text is "mh" ? (int)Scheduler.Maglev : Names.AsSpan().IndexOf(text);
        scheduler = (Scheduler)Math.Max(index, 0);
        return index >= 0;
    }
}
