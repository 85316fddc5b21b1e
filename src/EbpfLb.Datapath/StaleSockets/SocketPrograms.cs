using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Netlink;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// How this kernel lets sockets be found and ended: by iterators, and by sock_diag where it refuses one. Never pinned: without an agent
/// nobody reads them.
/// </summary>
internal sealed class SocketPrograms : IDisposable
{
    /// <summary>Names of <see cref="Features"/>.</summary>
    public const string IterUdp = "iter_udp", IterTcp = "iter_tcp", IterUntranslated = "iter_udp_untranslated",
    SockDestroy = "bpf_sock_destroy", SockDiag = "sock_diag_storage";

    /// <summary>Among <see cref="DatapathOptions.RefusedPrograms"/>: as a kernel that was built without SOCK_DESTROY.</summary>
    internal const string SockDestroyRequest = "SOCK_DESTROY";

    private const string FindUdp = "lb_find_udp", FindTcp = "lb_find_tcp", FindUntranslated = "lb_untrans_udp", EndUdp = "lb_end_udp",
    EndTcp = "lb_end_tcp";

    private readonly List<KernelFeature> features = [];

    private SocketPrograms(MapSet maps, string cgroup, DatapathOptions options, ILogger logger)
    {
        var loader = new OptionalLoader(maps, options.RefusedPrograms, logger);
        var found = loader.Load(
            "find.bpf.o", [FindUdp, FindTcp, FindUntranslated], o => o.Knobs.Set("cfg_cgroup", AbiBytes.Of(CgroupFileSystem.IdOf(cgroup))),
            (bpf, name) => (ISocketFinder)new IteratorFinder(Attach(bpf, name)));
        var ended = loader.Load("end.bpf.o", [EndUdp, EndTcp], _ => { },
            (bpf, name) => (ISocketEnder)new IteratorEnder(bpf.OpenMap<ulong, uint>("lb_sock_close"), Attach(bpf, name)));
        // For tests: what is no socket storage is refused.
        Func<BpfMap> memories = options.RefusedPrograms.Contains(SockDiag) ? ()
            => maps.Take(Abi.Tables.Meta) : () => maps.Take(Abi.Tables.Sock);
        // inet_diag shows no storage of UDP sockets.
        Udp = FinderOf(IterUdp, found[FindUdp], ProtocolType.Udp, null);
        Tcp = FinderOf(IterTcp, found[FindTcp], ProtocolType.Tcp, memories);
        Untranslated = found[FindUntranslated].Value;
        Add(IterUntranslated, found[FindUntranslated].Refusal,
            "UDP sockets that were connected before their Service existed are not "
                + "found: their clients have to connect anew by themselves");
        UdpEnder = ended[EndUdp].Value ?? new NetlinkEnder();
        TcpEnder = ended[EndTcp].Value ?? new NetlinkEnder();
        var notEnded = new[] { (End: EndUdp, Protocol: ProtocolType.Udp), (End: EndTcp, Protocol: ProtocolType.Tcp) }
            .Where(e => ended[e.End].Value is null)
            .Select(e => (e.Protocol, Problem: NetlinkEnder.Probe(e.Protocol, options.RefusedPrograms.Contains(SockDestroyRequest)
                ? _ => throw new NetlinkException(NetlinkErrno.EOPNOTSUPP, $"end a {e.Protocol} socket") : null)))
            .Where(e => e.Problem is not null).ToList();
        Add(SockDestroy, Joined([ended[EndUdp].Refusal, ended[EndTcp].Refusal, .. notEnded.Select(e => e.Problem!)]),
            notEnded.Count == 0 ? "sockets are ended by SOCK_DESTROY, one request each (kernel 6.5)"
                : $"{string.Join(" and ", notEnded.Select(e => e.Protocol.ToString().ToUpperInvariant()))} sockets of removed endpoints "
                    + "are found and not ended: their clients have to connect anew by themselves");
    }

    /// <summary>Before they are loaded.</summary>
    public static IReadOnlyList<KernelFeature> NotLoaded { get; } = [
        .. new[] { IterUdp, IterTcp, IterUntranslated, SockDestroy }.Select(KernelFeature.Unknown)];

    /// <summary>What of it this kernel has.</summary>
    public IReadOnlyList<KernelFeature> Features => features;

    /// <summary>Finds UDP sockets whose backend is gone; null: they cannot be found.</summary>
    public ISocketFinder? Udp { get; }

    /// <summary>The same for TCP.</summary>
    public ISocketFinder? Tcp { get; }

    /// <summary>Finds UDP sockets that were connected to a frontend before it was one; null: they cannot be found.</summary>
    public ISocketFinder? Untranslated { get; }

    /// <summary>Ends what <see cref="Udp"/> and <see cref="Untranslated"/> find.</summary>
    public ISocketEnder UdpEnder { get; }

    /// <summary>Ends what <see cref="Tcp"/> finds.</summary>
    public ISocketEnder TcpEnder { get; }

    /// <summary>Loads what this kernel takes; without any of it the agent goes on.</summary>
    /// <param name="cgroup">That the hooks are attached to.</param>
    public static SocketPrograms Load(MapSet maps, string cgroup, DatapathOptions options, ILogger logger)
        => new(maps, cgroup, options, logger);

    public void Dispose()
    {
        foreach (var part in (IDisposable?[])[Udp, Tcp, Untranslated, UdpEnder, TcpEnder]) part?.Dispose();
    }

    private static BpfLink Attach(BpfObject bpf, string name)
    {
        using var program = bpf.OpenProgram(name);
        return BpfLink.AttachIterator(program);
    }

    private ISocketFinder? FinderOf(string feature, OptionalPart<ISocketFinder> iterator, ProtocolType protocol, Func<BpfMap>? memories)
    {
        var what = $"{protocol.ToString().ToUpperInvariant()} sockets of removed endpoints";
        var standIn = $"{what} are found by sock_diag, which costs more";
        var nothing = $"{what} are not found: their clients have to connect anew by themselves";
        if (iterator.Value is not null || memories is null)
        {
            Add(feature, iterator.Refusal, memories is null ? nothing : standIn);
            return iterator.Value;
        }
        var diag = new DiagFinder(protocol, memories());
        var problem = diag.Probe();
        Add(feature, iterator.Refusal, problem is null ? standIn : nothing);
        if (features.All(f => f.Name != SockDiag)) Add(SockDiag, problem ?? "", "what stands in for iterators over sockets");
        if (problem is null) return diag;
        diag.Dispose();
        return null;
    }

    private void Add(string name, string refusal, string lost) => features.Add(new KernelFeature(name, refusal.Length == 0, refusal, lost));

    private static string Joined(params string[] refusals) => string.Join("; ", refusals.Where(r => r.Length > 0).Distinct());
}
