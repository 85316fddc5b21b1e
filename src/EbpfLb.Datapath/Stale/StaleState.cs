using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Namespaces;
using EbpfLb.Model;
using EbpfLb.Netlink;

namespace EbpfLb.Datapath.Stale;

/// <summary>
/// Finds and ends what leads to backends that are gone, or past us to a frontend. Only sockets with a memory of ours that names such a
/// backend, and that still are connected to it, are touched, and UDP sockets of our cgroup that connect() would translate now.
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

    public StaleSocketReport EndSockets(bool tcp, bool strays)
    {
        var stale = programs.Find().Where(s => (tcp || Is(s, TransportProtocol.Udp)) && !backends.Serves(s)).ToList();
        return stale.Count == 0 && !strays ? StaleSocketReport.None : End(stale, strays);
    }

    public bool IsStale(in FlowEntry request)
        => request.Key.Protocol == (byte)TransportProtocol.Udp && !request.IsReply && !backends.Serves(request);

    public void Dispose() => programs.Dispose();

    private StaleSocketReport End(List<LbStaleSock> stale, bool strays)
    {
        var byNamespace = stale.ToLookup(s => s.Netns);
        var found = stale.ToList();
        var ended = new List<LbStaleSock>();
        var reached = new HashSet<ulong>();
        string? error = null;
        try
        {
            var entries = namespaces.Enumerate().Where(e => strays || byNamespace.Contains(e.Cookie)).ToList();
            foreach (var (entry, (met, done, failure)) in namespaces.RunInEach(entries, e => TryEnd([.. byNamespace[e.Cookie]], strays)))
            {
                reached.Add(entry.Cookie);
                found.AddRange(met);
                ended.AddRange(done);
                error ??= failure;
            }
        }
        catch (NamespaceException e)
        {
            error = e.Message;
        }
        return new StaleSocketReport(
            found.Count(s => Is(s, TransportProtocol.Udp)), found.Count(s => Is(s, TransportProtocol.Tcp)),
            ended.Count(s => Is(s, TransportProtocol.Udp)), ended.Count(s => Is(s, TransportProtocol.Tcp)),
            stale.Count(s => !reached.Contains(s.Netns)), error);
    }

    /// <summary>Ends the stale ones of this namespace. One that makes trouble does not keep the others.</summary>
    private (IReadOnlyList<LbStaleSock> Strays, IReadOnlyList<LbStaleSock> Ended, string? Error) TryEnd(IReadOnlyList<LbStaleSock> stale, bool strays)
    {
        IReadOnlyList<LbStaleSock> met = [];
        try
        {
            if (strays) met = programs.FindStrays();
            return (met, stale.Count + met.Count == 0 ? [] : programs.Ender.End([.. stale, .. met]), null);
        }
        catch (Exception e) when (e is BpfException or NetlinkException)
        {
            return (met, [], e.Message);
        }
    }

    private static bool Is(in LbStaleSock socket, TransportProtocol protocol) => socket.Backend.Proto == (byte)protocol;
}
