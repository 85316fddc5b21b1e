using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Probes;

/// <summary>A load that runs while the test does something to the dataplane.</summary>
public sealed class BackgroundLoad
{
    private readonly NetProbe probe;
    private readonly string id;

    internal BackgroundLoad(NetProbe probe, string id)
    {
        this.probe = probe;
        this.id = id;
    }

    public LoadReport Now() => probe.Report($"load-stats background={id}");

    /// <summary>The figures so far; counting starts again at zero.</summary>
    public LoadReport TakeAndReset() => probe.Report($"load-stats background={id} reset=1");

    /// <summary>Waits until this many more requests were made, so that a test knows the load saw the present state.</summary>
    public LoadReport AfterMore(long requests)
    {
        var before = Now().Total;
        return Eventually.Get(Now, now => now.Total >= before + requests, $"{requests} more requests");
    }

    public LoadReport Stop() => probe.Report($"load-stop background={id}");
}
