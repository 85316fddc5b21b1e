namespace EbpfLb.Agent.Options;

/// <summary>How often what is programmed is compared with what should be.</summary>
/// <param name="Period">Table, mirror and kernel; 0: only when `ebpflb verify` asks.</param>
/// <param name="SourcePeriod">A list of the API server, from its cache.</param>
internal sealed record VerifyOptions(TimeSpan Period, TimeSpan SourcePeriod)
{
    /// <summary>Each node costs the API server a full list in this time: rare, since a watch that loses events has a bug.</summary>
    private static readonly TimeSpan DefaultSourcePeriod = TimeSpan.FromHours(6);

    public static VerifyOptions Default { get; } = new(TimeSpan.FromMinutes(5), DefaultSourcePeriod);

    /// <summary>
    /// kube-proxy's configSyncPeriod is how often its own copy of all objects is looked through, without a word to the API server: here a
    /// comparison, which may be asked for more often by either name.
    /// </summary>
    public static VerifyOptions From(TimeSpan verifyPeriod, TimeSpan configSyncPeriod)
        => Default with { Period = verifyPeriod < configSyncPeriod ? verifyPeriod : configSyncPeriod };
}
