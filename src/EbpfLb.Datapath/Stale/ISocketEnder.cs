using EbpfLb.Abi;

namespace EbpfLb.Datapath.Stale;

/// <summary>A way to end sockets of others of one protocol: their owner sees ECONNABORTED, and who waits wakes up.</summary>
internal interface ISocketEnder : IDisposable
{
    /// <summary>Ends sockets of the network namespace that the calling thread is in; returns those that were ended.</summary>
    IReadOnlyList<LbStaleSock> End(IReadOnlyList<LbStaleSock> sockets);
}
