using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Firewalls;

/// <summary>
/// Which backends new connections reach, by way: "ac" where both answered, "c" where only that of the other node did. Each way is TCP
/// and UDP of both families, which have to agree. A way is tried by many at once, each of which gives up after a moment.
/// </summary>
internal sealed class ServiceWays(MigrationBed bed, NetProbe node, NetProbe backend)
{
    public const string NodePort = "outside to NodePort", ExternalIP = "outside to external IP", ClusterIP = "pod to ClusterIP",
        PodToNodePort = "pod to NodePort", Hairpin = "backend to ClusterIP", Node = "node to ClusterIP",
        NodeToNodePort = "node to NodePort";

    private const int Count = 24;
    private const int Attempts = 3;

    private static readonly TimeSpan GivenUp = TimeSpan.FromMilliseconds(500);

    /// <summary>"way: backends" a line, of all ways.</summary>
    /// <param name="ofKubeProxy">Without those that kube-proxy's rules of the bed do not serve.</param>
    public string Try(bool ofKubeProxy = false)
        => string.Join('\n', Ways().Where(w => !ofKubeProxy || w.Name != ExternalIP).Select(w => $"{w.Name}: {Reached(w.From, w.To)}"));

    /// <summary>The same text of what is expected.</summary>
    /// <param name="outside">Backends by NodePort and external IP, from outside.</param>
    /// <param name="pod">By ClusterIP from a pod that is no backend.</param>
    /// <param name="hairpin">From the backend of this node, which is one of its own.</param>
    /// <param name="podToNodePort">Where netfilter translates that is another way than by ClusterIP; null: it is the same.</param>
    /// <param name="node">From the node itself.</param>
    public static string Of(
        string outside, string pod, string hairpin, string? podToNodePort = null, bool ofKubeProxy = false, string node = "ac")
    {
        List<(string Name, string Reached)> ways =
        [
            (NodePort, outside), (ExternalIP, outside), (ClusterIP, pod), (PodToNodePort, podToNodePort ?? pod), (Hairpin, hairpin),
            (Node, node), (NodeToNodePort, node),
        ];
        return string.Join('\n', ways.Where(w => !ofKubeProxy || w.Name != ExternalIP).Select(w => $"{w.Name}: {w.Reached}"));
    }

    /// <summary>One way by itself.</summary>
    public string Try(string name) => Ways().Where(w => w.Name == name).Select(w => Reached(w.From, w.To)).Single();

    private IEnumerable<(string Name, NetProbe From, Func<Family, string> To)> Ways() =>
    [
        (NodePort, bed.Outside, bed.ToNodePort), (ExternalIP, bed.Outside, MigrationBed.ToExternalIP),
        (ClusterIP, bed.Pod, MigrationBed.ToClusterIP), (PodToNodePort, bed.Pod, bed.ToNodePort),
        (Hairpin, backend, MigrationBed.ToClusterIP),
        (Node, node, MigrationBed.ToClusterIP), (NodeToNodePort, node, bed.ToNodePort),
    ];

    /// <summary>
    /// Names of those that answered, which are to be the same with both protocols and families; else each says its own. Where they differ
    /// all are tried again: on a busy machine all attempts of one may have waited for longer than a moment.
    /// </summary>
    public static string Reached(NetProbe probe, Func<Family, string> to)
    {
        for (var attempt = 1; ; attempt++)
        {
            var each = (from family in (Family[])[Family.IPv4, Family.IPv6]
                        from mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp]
                        let report = probe.Load(new LoadSpec(mode, to(family)) { Count = Count, Threads = Count, Timeout = GivenUp })
                        select (Way: $"{mode} {family}", Names: string.Concat(report.Names.Keys.Order()))).ToList();
            if (each.All(e => e.Names == each[0].Names)) return each[0].Names;
            if (attempt == Attempts) return string.Join(' ', each.Select(e => $"{e.Way} '{e.Names}'"));
        }
    }
}
