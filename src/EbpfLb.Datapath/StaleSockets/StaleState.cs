using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Namespaces;
using EbpfLb.Model;
using EbpfLb.Netlink;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// Finds and ends what leads to backends that are gone, or past us to a frontend, in one network namespace after the other. Only sockets
/// with a memory of ours that names such a backend, and that still are connected to it, are touched, and UDP sockets of our cgroup that
/// connect() would translate now and that neither netfilter nor a flow of ours translates.
/// </summary>
public sealed class StaleState : IStaleState, IDisposable
{
    private readonly Func<SocketPrograms> load;
    private readonly BackendCheck backends;
    private readonly INetworkNamespaces namespaces;
    private readonly OwnFlows own;
    private readonly Lock sync = new();
    private volatile SocketPrograms? programs;

    /// <param name="load">Called when sockets are looked for first.</param>
    internal StaleState(Func<SocketPrograms> load, BackendCheck backends, INetworkNamespaces namespaces, OwnFlows own)
    {
        this.own = own;
        this.load = load;
        this.backends = backends;
        this.namespaces = namespaces;
    }

    /// <summary>Asked each time: what another agent's tables say is not known here, so nothing of it is called stale.</summary>
    internal Func<bool> IsOurs { private get; init; } = () => true;

    public IReadOnlyList<KernelFeature> Features => programs?.Features ?? SocketPrograms.NotLoaded;

    public void Load() => Programs();

    public StaleSocketReport EndSockets(bool tcp, bool untranslated)
    {
        if (!IsOurs()) return StaleSocketReport.Nothing(tcp, untranslated);
        try
        {
            var loaded = Programs();
            using var netfilter = NetfilterSockets.Open();
            return namespaces.RunInEach(namespaces.Enumerate(), _ => EndHere(loaded, tcp, untranslated, netfilter))
                .Aggregate(StaleSocketReport.Nothing(tcp, untranslated), (sum, part) => sum + part.Result);
        }
        catch (NamespaceException e)
        {
            return new StaleSocketReport(SocketCount.Unknown, SocketCount.Unknown, SocketCount.Unknown, e.Message);
        }
    }

    public bool IsStale(in FlowEntry request)
        => request.Key.Protocol == (byte)TransportProtocol.Udp && !request.IsReply && IsOurs() && !backends.Serves(request);

    public void Dispose()
    {
        lock (sync) programs?.Dispose();
    }

    private SocketPrograms Programs()
    {
        lock (sync) return programs ??= load();
    }

    /// <summary>In the network namespace that the calling thread is in. A kind that fails does not stop the others.</summary>
    private StaleSocketReport EndHere(SocketPrograms programs, bool tcp, bool untranslated, NetfilterSockets netfilter)
    {
        string? error = null;
        return new StaleSocketReport(
            End(programs.Udp, programs.UdpEnder, s => !backends.Serves(s), ref error),
            tcp ? End(programs.Tcp, programs.TcpEnder, s => !backends.Serves(s), ref error) : SocketCount.Unknown,
            untranslated
                ? End(programs.Untranslated, programs.UdpEnder, s => !netfilter.Translates(s) && !own.Translate(s), ref error)
                : SocketCount.Unknown,
            error);
    }

    private static SocketCount End(ISocketFinder? finder, ISocketEnder ender, Func<LbStaleSock, bool> isMeant, ref string? error)
    {
        if (finder is null) return SocketCount.Unknown;
        int? found = null;
        try
        {
            var sockets = finder.Find().Where(isMeant).ToList();
            found = sockets.Count;
            return new SocketCount(found, found == 0 ? 0 : ender.End(sockets).Count);
        }
        catch (Exception e) when (e is BpfException or NetlinkException)
        {
            error ??= e.Message;
            return new SocketCount(found, 0);
        }
    }
}
