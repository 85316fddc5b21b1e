using EbpfLb.Datapath.Flows;

namespace EbpfLb.Datapath.Stale;

/// <summary>What still leads to backends that are gone.</summary>
public interface IStaleState
{
    /// <summary>Why stale sockets cannot be found on this kernel; null: they can.</summary>
    string? SocketsProblem { get; }

    /// <summary>
    /// Looks at every socket that we connected, in all network namespaces, and ends those whose backend is gone. For one caller at a time,
    /// not on the path of updates.
    /// </summary>
    /// <param name="tcp">End TCP connections too; the tables must know of their endpoints (PolicyOptions.KeepsTcpEndpoints).</param>
    /// <param name="strays">End UDP sockets too that were connected to a frontend before it was one, so that nothing translates what they send.
    /// All UDP sockets are looked at for that.</param>
    StaleSocketReport EndSockets(bool tcp, bool strays);

    /// <summary>The request entry is of a UDP flow whose backend is gone.</summary>
    bool IsStale(in FlowEntry request);
}
