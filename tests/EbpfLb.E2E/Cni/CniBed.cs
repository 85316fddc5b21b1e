using System.Net;
using EbpfLb.E2E.Firewalls;
using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Cni;

/// <summary>
/// A <see cref="FirewallBed"/> whose first node has pods of CNI plugins. Its backend "a" has host ports, and the node's iptables are of
/// nf_tables.
/// </summary>
internal sealed class CniBed : IDisposable
{
    /// <summary>Of the client outside, on both protocols.</summary>
    private const int WorldPort = 9000;

    private readonly NetProbe node, backend;

    public CniBed(CniNetwork network, params IReadOnlyList<HostPort> ports)
    {
        Runtime = new CniRuntime(network);
        try
        {
            Beside = new FirewallBed(addPod: (on, name) => Runtime.Add(on, name, name == "a" ? ports : []));
            Bed.Keep(PodServer.Start(Bed.OutsidePlace, "world", $"{WorldPort}", $"{WorldPort}"));
            (node, backend) = (Bed.Keep(NetProbe.Start(Bed.Node.Place)), Bed.Keep(NetProbe.Start(Bed.Backend.Place)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public CniRuntime Runtime { get; }

    public FirewallBed Beside { get; } = null!;

    public MigrationBed Bed => Beside.Bed;

    /// <summary>All that Services and these host ports have to do, "way: who answered" a line.</summary>
    public string Try(params IReadOnlyList<int> hostPorts) => string.Join('\n',
        [Beside.Ways.Try(ofKubeProxy: Bed.Agent is null), $"pod to world: {ToWorld()}", .. hostPorts.Select(TryHostPort)]);

    /// <summary>The same text of what is expected.</summary>
    /// <param name="ways">See <see cref="ServiceWays.Of"/>.</param>
    /// <param name="hostPorts">Who answers there, wherever it is asked from.</param>
    public static string Of(string ways, params IReadOnlyList<(int Port, string Reached)> hostPorts)
        => string.Join('\n', [ways, "pod to world: world", .. hostPorts.Select(p => OfHostPort(p.Port, p.Reached))]);

    /// <summary>One host port: from outside, from a pod, and from the node.</summary>
    public string TryHostPort(int port)
        => OfHostPort(port, string.Join(' ', new[] { Bed.Outside, Bed.Pod, node }.Select(from => Reached(from, port)).Distinct()));

    /// <summary>From the backend, whose it is; where that is by a bridge, it needs hairpin mode.</summary>
    public string TryOwnHostPort(int port) => Reached(backend, port);

    public static string OfHostPort(int port, string reached) => $"host port {port}: {reached}";

    /// <summary>The policy of FORWARD is DROP in both families.</summary>
    public void DropForwarded()
    {
        foreach (var tool in (string[])["iptables-nft", "ip6tables-nft"]) Bed.Run(RepositoryPaths.Tool(tool), "-P", "FORWARD", "DROP");
    }

    public void Dispose()
    {
        Beside?.Dispose();
        Runtime.Dispose();
    }

    private string Reached(NetProbe from, int port)
        => ServiceWays.Reached(from, family => To(Bed.Node.IPv4, Bed.Node.IPv6, family, port));

    private string ToWorld()
    {
        var (four, six) = Bed.OutsideAddresses;
        return ServiceWays.Reached(Bed.Pod, family => To(four, six, family, WorldPort));
    }

    private static string To(IPAddress four, IPAddress six, Family family, int port)
        => new IPEndPoint(family == Family.IPv6 ? six : four, port).ToString();
}
