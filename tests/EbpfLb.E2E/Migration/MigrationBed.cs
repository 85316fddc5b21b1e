using System.Net;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Migration;

/// <summary>
/// client - router - two nodes. Pods of the first node are a client and a backend, the second has the other backend. The first has
/// kube-proxy's rules in one of three forms, and, from <see cref="StartAgent"/> on, an agent.
/// </summary>
internal sealed class MigrationBed : IDisposable
{
    public const int Port = 80, TargetPort = 8080, NodePort = 30_080, HealthCheckPort = 30_580;

    private static readonly IPAddress ClusterIPv4 = IPAddress.Parse("10.96.0.10"), ClusterIPv6 = IPAddress.Parse("fd00:10:96::a");
    private static readonly IPAddress ExternalIPv4 = IPAddress.Parse("203.0.112.7"), ExternalIPv6 = IPAddress.Parse("2001:db8:1::7");

    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly ManifestDirectory manifests = new();
    private readonly List<IDisposable> running = [];
    private readonly PodNetns client, pod;
    private readonly PodNetns[] backends;
    private readonly bool hasHealthCheck;

    /// <param name="mode">See <see cref="Mode"/>.</param>
    /// <param name="isLocal">The Service is a load balancer's of traffic policy Local, so it has a health check node port.</param>
    /// <param name="addPod">Makes the pods of the first node, by their names; null: <see cref="NodeNetns.AddPod"/>.</param>
    public MigrationBed(string mode, bool isLocal = false, Func<NodeNetns, string, PodNetns>? addPod = null)
    {
        addPod ??= (node, name) => node.AddPod(name);
        Mode = mode;
        hasHealthCheck = isLocal;
        var router = topology.AddRouter();
        client = router.AddClient("client");
        Node = topology.AddNode("n1");
        var far = topology.AddNode("n2");
        router.Connect(Node);
        router.Connect(far);
        foreach (var range in (string[])["203.0.112.0/24", "2001:db8:1::/64"]) router.Route(range, Node);
        pod = addPod(Node, "pod");
        backends = [addPod(Node, "a"), far.AddPod("c")];
        foreach (var backend in backends) Keep(PodServer.Start(backend.Place, backend.Name, $"{TargetPort}", $"{TargetPort}"));
        Outside = Keep(NetProbe.Start(client.Place));
        Pod = Keep(NetProbe.Start(pod.Place));
        manifests.Put(new ServiceManifest("web")
        {
            Type = isLocal ? "LoadBalancer" : "NodePort",
            ExternalTrafficPolicy = isLocal ? "Local" : "Cluster",
            HealthCheckNodePort = isLocal ? HealthCheckPort : 0,
            ClusterIPs = [ClusterIPv4, ClusterIPv6],
            ExternalIPs = [ExternalIPv4, ExternalIPv6],
            Ports =
            [
                new PortManifest("tcp", "TCP", Port, TargetPort) { NodePort = NodePort },
                new PortManifest("udp", "UDP", Port, TargetPort) { NodePort = NodePort },
            ],
            Endpoints = [.. backends.SelectMany(b => new[] { b.IPv4, b.IPv6 })],
            NodeOf = address => backends[0].IPv4.Equals(address) || backends[0].IPv6.Equals(address) ? Node.Name : far.Name,
        });
    }

    /// <summary>"iptables-nft", "iptables-legacy" or "nftables".</summary>
    public string Mode { get; }

    public NodeNetns Node { get; }

    /// <summary>At the client outside.</summary>
    public NetProbe Outside { get; }

    /// <summary>In the pod of the first node.</summary>
    public NetProbe Pod { get; }

    public ProcessPlace OutsidePlace => client.Place;

    public ProcessPlace PodPlace => pod.Place;

    /// <summary>Of the first node.</summary>
    public PodNetns Backend => backends[0];

    /// <summary>Of the client outside and of the pod, IPv4.</summary>
    public string OutsideAddress => client.IPv4.ToString();

    public (IPAddress IPv4, IPAddress IPv6) OutsideAddresses => (client.IPv4, client.IPv6);

    public string PodAddress => pod.IPv4.ToString();

    public AgentProcess Agent { get; private set; } = null!;

    /// <summary>What agents read, beside the Service of the bed.</summary>
    public ManifestDirectory Manifests => manifests;

    public static string ToClusterIP(Family family) => new IPEndPoint(family == Family.IPv6 ? ClusterIPv6 : ClusterIPv4, Port).ToString();

    public static string ToExternalIP(Family family)
        => new IPEndPoint(family == Family.IPv6 ? ExternalIPv6 : ExternalIPv4, Port).ToString();

    public string ToNodePort(Family family) => new IPEndPoint(family == Family.IPv6 ? Node.IPv6 : Node.IPv4, NodePort).ToString();

    /// <summary>Loads kube-proxy's rules for ClusterIP and NodePort, or for another address in the ClusterIP's place.</summary>
    public void LoadKubeProxy(bool externalIP = false)
    {
        foreach (var family in (string[])["ip", "ip6"])
        {
            var rules = Rules(family, family == "ip" ? externalIP ? ExternalIPv4 : ClusterIPv4 : externalIP ? ExternalIPv6 : ClusterIPv6);
            if (Mode == "nftables") Load([RepositoryPaths.Tool("nft"), "-f"], rules.Nftables);
            else Restore(rules.Family, rules.Iptables);
        }
    }

    /// <summary>For the iptables of the bed's mode; where that is nftables, for iptables-nft.</summary>
    public void Restore(string family, string rules) => Load([Iptables(family, "-restore"), "--noflush"], rules);

    /// <summary>As iptables-save or nft list print kube-proxy's tables and all others, without counters and comments.</summary>
    public string Rules()
    {
        var commands = ((string[])["ip", "ip6"]).Select(f => new[] { Iptables(f, "-save") }).ToList();
        if (Mode == "nftables") commands.Add([RepositoryPaths.Tool("nft"), "-s", "list", "ruleset"]);
        return string.Join('\n', commands.SelectMany(command => Run(command).Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Select(WithoutCounters)));
    }

    /// <summary>Without what holds nf_conntrack: our chain of iptables, our table of nftables.</summary>
    public static string WithoutHold(string rules)
    {
        List<string> kept = [];
        var isOurs = false;
        foreach (var line in rules.Split('\n'))
        {
            if (line.StartsWith("table ", StringComparison.Ordinal)) isOurs = line.Contains("ebpflb-migrated", StringComparison.Ordinal);
            if (!isOurs && !line.Contains("EBPFLB-MIGRATED", StringComparison.Ordinal)) kept.Add(line);
        }
        return string.Join('\n', kept);
    }

    public void StartAgent(params IReadOnlyList<string> extra) => StartAgentOf(TestNode.Binary, extra);

    public void StartAgentOf(string binary, params IReadOnlyList<string> extra) => Agent = Keep(AgentProcess.Start(
        new AgentOptions(binary, Node, "--manifests", manifests.Path)
        {
            Extra = ["--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48", .. extra],
        }));

    public T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }

    public string Run(params IReadOnlyList<string> command)
    {
        var (code, output) = ChildProcess.Run(Node.Place, command);
        return code == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}: {output}");
    }

    public void Dispose()
    {
        foreach (var disposable in Enumerable.Reverse(running)) disposable.Dispose();
        topology.Dispose();
        manifests.Dispose();
    }

    private KubeProxyRules Rules(string family, IPAddress address) => new(
        family, address, Port, NodePort, family == "ip" ? Node.IPv4 : Node.IPv6, family == "ip" ? "10.244.0.0/16" : "fd00:10:244::/48",
        [.. backends.Select(b => new IPEndPoint(family == "ip" ? b.IPv4 : b.IPv6, TargetPort))])
    {
        HealthCheckNodePort = hasHealthCheck ? HealthCheckPort : 0,
    };

    private string Iptables(string family, string tool)
        => RepositoryPaths.Tool($"{(family == "ip" ? "iptables" : "ip6tables")}{(Mode == "iptables-legacy" ? "-legacy" : "-nft")}{tool}");

    private void Load(IReadOnlyList<string> command, string rules)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, rules + "\n");
            Run([.. command, file]);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException($"{e.Message}\nto:\n{rules}", e);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string WithoutCounters(string line)
        => line.StartsWith(':') && line.IndexOf('[') is var at and > 0 ? line[..at].TrimEnd() : line;
}
