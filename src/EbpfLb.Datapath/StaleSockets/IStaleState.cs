using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>What still leads to backends that are gone.</summary>
public interface IStaleState
{
    /// <summary>
    /// What this kernel has of what finding and ending sockets needs, as it was loaded; not known before <see cref="Load"/>.
    /// </summary>
    IReadOnlyList<KernelFeature> Features { get; }

    /// <summary>
    /// Has the kernel take the programs that find and end sockets, once. Connections do not need them, so a start does not wait for it.
    /// </summary>
    void Load();

    /// <summary>
    /// Looks at every connected socket, in all network namespaces that a process is in or that have a name, and ends those that we
    /// connected and whose backend is gone. For one caller at a time, not on the path of updates.
    /// </summary>
    /// <param name="tcp">End TCP connections too; the tables must know of their endpoints (PolicyOptions.KeepsTcpEndpoints).</param>
    /// <param name="untranslated">End UDP sockets too that were connected to a frontend before it was one, so that nothing translates what
    /// they send.</param>
    StaleSocketReport EndSockets(bool tcp, bool untranslated);

    /// <summary>The request entry is of a UDP flow whose backend is gone.</summary>
    bool IsStale(in FlowEntry request);
}
