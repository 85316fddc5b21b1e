using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Namespaces;
using EbpfLb.Model;
using EbpfLb.Netlink;

namespace EbpfLb.Datapath.Stale;

/// <summary>
/// Finds and ends what leads to backends that are gone. Only sockets with a memory of ours that names such a backend, and that still are
/// connected to it, are touched: never one of somebody else.
/// </summary>
public sealed class StaleState : IStaleState, IDisposable
{
    private readonly SocketPrograms programs;
    private readonly BackendCheck backends;
    private readonly INetworkNamespaces namespaces;

    internal StaleState(SocketPrograms programs, BackendCheck backends, INetworkNamespaces namespaces)
    {
        this.programs = programs;
        this.backends = backends;
        this.namespaces = namespaces;
    }

    public string? SocketsProblem => programs.Problem;

    public StaleSocketReport EndSockets(bool tcp)
    {
        var stale = programs.Find().Where(s => (tcp || Is(s, TransportProtocol.Udp)) && !backends.Serves(s)).ToList();
        return stale.Count == 0 ? StaleSocketReport.None : End(stale);
    }

    public bool IsStale(in FlowEntry request)
        => request.Key.Protocol == (byte)TransportProtocol.Udp && !request.IsReply && !backends.Serves(request);

    public void Dispose() => programs.Dispose();

    private StaleSocketReport End(List<LbStaleSock> stale)
    {
        var byNamespace = stale.ToLookup(s => s.Netns);
        var ended = new List<LbStaleSock>();
        var reached = new HashSet<ulong>();
        string? error = null;
        try
        {
            var found = namespaces.Enumerate().Where(e => byNamespace.Contains(e.Cookie)).ToList();
            foreach (var (entry, (done, failure)) in namespaces.RunInEach(found, e => TryEnd([.. byNamespace[e.Cookie]])))
            {
                reached.Add(entry.Cookie);
                ended.AddRange(done);
                error ??= failure;
            }
        }
        catch (NamespaceException e)
        {
            error = e.Message;
        }
        return new StaleSocketReport(
            stale.Count(s => Is(s, TransportProtocol.Udp)), stale.Count(s => Is(s, TransportProtocol.Tcp)),
            ended.Count(s => Is(s, TransportProtocol.Udp)), ended.Count(s => Is(s, TransportProtocol.Tcp)),
            stale.Count(s => !reached.Contains(s.Netns)), error);
    }

    /// <summary>One namespace that makes trouble does not keep the others.</summary>
    private (IReadOnlyList<LbStaleSock> Ended, string? Error) TryEnd(IReadOnlyList<LbStaleSock> sockets)
    {
        try
        {
            return (programs.Ender.End(sockets), null);
        }
        catch (Exception e) when (e is BpfException or NetlinkException)
        {
            return ([], e.Message);
        }
    }

    private static bool Is(in LbStaleSock socket, TransportProtocol protocol) => socket.Backend.Proto == (byte)protocol;
}
