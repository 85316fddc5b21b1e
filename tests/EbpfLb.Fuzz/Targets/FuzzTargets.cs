namespace EbpfLb.Fuzz.Targets;

/// <summary>All parsers that read what others write.</summary>
internal static class FuzzTargets
{
    /// <summary>Of each, so that all together take about ten minutes.</summary>
    public const int DefaultCount = 50_000;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new ManifestTarget(), new LargeListTarget(), new ObjectTarget(), new ListTarget(), new WatchTarget(), new StatusTarget(),
        new KubeconfigTarget(), new ConfigTarget(), new BtfTarget(), new ElfTarget(), new JsonPathTarget(),
    ];
}
