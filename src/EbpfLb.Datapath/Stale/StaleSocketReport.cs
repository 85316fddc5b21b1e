namespace EbpfLb.Datapath.Stale;

/// <summary>What one pass over the sockets found and did.</summary>
/// <param name="FoundUdp">Connected to a backend that is gone when the pass began.</param>
/// <param name="EndedUdp">Of those, ended.</param>
/// <param name="OutOfReach">Of those, in network namespaces that this process cannot enter, or that have no name.</param>
/// <param name="Error">What the kernel refused; null: nothing.</param>
public sealed record StaleSocketReport(int FoundUdp, int FoundTcp, int EndedUdp, int EndedTcp, int OutOfReach, string? Error)
{
    public static StaleSocketReport None { get; } = new(0, 0, 0, 0, 0, null);

    public int Found => FoundUdp + FoundTcp;

    public int Ended => EndedUdp + EndedTcp;
}
