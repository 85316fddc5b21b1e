using EbpfLb.Abi;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>A way to find sockets that are to be ended.</summary>
internal interface ISocketFinder : IDisposable
{
    /// <summary>
    /// Those of the network namespace that the calling thread is in. Whether the backend of a stale one is gone is asked once more by
    /// addresses (<see cref="BackendCheck"/>).
    /// </summary>
    IReadOnlyList<LbStaleSock> Find();
}

/// <summary>A way to end sockets of others of one protocol: their owner sees ECONNABORTED, and who waits wakes up.</summary>
internal interface ISocketEnder : IDisposable
{
    /// <summary>Ends sockets of the network namespace that the calling thread is in; returns those that were ended.</summary>
    IReadOnlyList<LbStaleSock> End(IReadOnlyList<LbStaleSock> sockets);
}
