namespace EbpfLb.Agent.Options;

/// <summary>How often what is programmed is compared with what should be.</summary>
/// <param name="Period">Table, mirror and kernel; 0: only when `ebpflb verify` asks.</param>
/// <param name="SourcePeriod">A fresh list of the API server; kube-proxy's configSyncPeriod.</param>
internal sealed record VerifyOptions(TimeSpan Period, TimeSpan SourcePeriod)
{
    public static VerifyOptions Default { get; } = new(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15));
}
