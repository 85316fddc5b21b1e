using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>
/// client, attacker - router - a node with an agent as it comes, and a second node whose pod is the remote backend. What is sent to a
/// spoofed source ends at the router, as answers to nobody do.
/// </summary>
internal sealed class Field : IDisposable
{
    public const int Target = 8080;

    /// <summary>Spoofed sources count up from here (RFC 2544: nobody's).</summary>
    public const string Nobody = "198.18.0.1";

    /// <summary>Where SYN queues are short: net.core.somaxconn and listen() of many servers.</summary>
    private const int Backlog = 511;

    private static readonly string Binary = Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly ManifestDirectory manifests = new();
    private readonly List<IDisposable> running = [];
    private readonly LinkHeader link;
    private readonly AgentProcess? other;
    private readonly LinkHeader routerLink;

    /// <param name="remote">The service's one backend is on the second node; else on the first.</param>
    /// <param name="extra">Further options of the agent.</param>
    public Field(bool remote, params IReadOnlyList<string> extra)
        : this(remote, tunnels: false, extra)
    {
    }

    /// <summary>With agents on both nodes, which answer directly, and one backend, on the second.</summary>
    public static Field WithTunnels()
        => new(remote: true, tunnels: true, "--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev");

    private Field(bool remote, bool tunnels, params IReadOnlyList<string> extra)
    {
        try
        {
            Router = topology.AddRouter();
            Client = Router.AddClient("client");
            Attacker = Router.AddClient("attacker");
            Node = topology.AddNode("n1");
            Second = topology.AddNode("n2");
            Router.Connect(Node);
            Router.Connect(Second);
            Router.Configure("link add sink type bridge", "link set sink arp off up", "route add 198.18.0.0/15 dev sink");
            Pod = (remote ? Second : Node).AddPod("web");
            Later = Node.AddPod("later");
            XdpChoice.Prepare(Router, [Node, Second], [Client, Attacker, Pod, Later]);
            foreach (var pod in (PodNetns[])[Pod, Later])
                Keep(PodServer.Start(pod.Place, pod.Name, $"{Target}", $"{Target}", backlog: Backlog));
            Service = Publish("web", 30_001, [Pod.IPv4, Pod.IPv6]);
            Empty = Publish("empty", 30_002, []);
            if (tunnels)
            {
                Router.Route($"{Vip.Address}/32", Node);
                manifests.PutText("nodes", NodeManifest.Of(Node) + NodeManifest.Of(Second));
                other = Keep(Start(Second, extra));
                other.WaitUntilReady();
            }
            Agent = Start(Node, extra);
            Probe = NewProbe();
            link = new LinkHeader(AddressOf(Attacker.Place, "eth0"), AddressOf(Router.Place, "c-attacker"));
            routerLink = new LinkHeader(AddressOf(Router.Place, "nodes"), AddressOf(Node.Place, "eth0"));
            Eventually.True(() => Probe.Load(LoadMode.Tcp, Service.ToString(), 3).IsClean, () => $"the NodePort to answer: {Agent.Log}");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public RouterNetns Router { get; }

    public PodNetns Client { get; }

    public PodNetns Attacker { get; }

    public NodeNetns Node { get; }

    public NodeNetns Second { get; }

    public PodNetns Pod { get; }

    /// <summary>A pod of the first node that is no backend before <see cref="AddLater"/>.</summary>
    public PodNetns Later { get; }

    public AgentProcess Agent { get; } = null!;

    /// <summary>At the client.</summary>
    public NetProbe Probe { get; } = null!;

    /// <summary>A NodePort of the first node, TCP and UDP, with one backend.</summary>
    public IPEndPoint Service { get; }

    /// <summary>The same at an address that is no node's; routed to the first node where there are tunnels.</summary>
    public IPEndPoint Vip { get; } = new(IPAddress.Parse("203.0.113.80"), 80);

    /// <summary>The same without any.</summary>
    public IPEndPoint Empty { get; }

    /// <summary>The Service has a second backend, on the first node; returns when all agents have it.</summary>
    public void AddLater()
    {
        Publish("web", 30_001, [Pod.IPv4, Pod.IPv6, Later.IPv4, Later.IPv6]);
        foreach (var agent in new[] { Agent, other }.OfType<AgentProcess>())
            Eventually.True(() => agent.Ask("/backends?namespace=default&name=web").Contains($"{Later.IPv4}", StringComparison.Ordinal),
                () => $"{Later.IPv4} to be a backend: {agent.Log}");
    }

    /// <summary>Another at the client, for what goes on meanwhile.</summary>
    public NetProbe NewProbe() => Keep(NetProbe.Start(Client.Place));

    /// <summary>A frame that the attacker sends to the router.</summary>
    public PacketBuilder Frame(string source, int port, IPEndPoint to)
        => PacketBuilder.From(source, port).To(to.Address, to.Port).Ethernet(link);

    /// <summary>Sends frames from the attacker's device; runs until it is waited for.</summary>
    /// <param name="options">As of netprobe's "flood".</param>
    public Flood Send(string options, params IReadOnlyList<byte[]> frames) => Keep(new Flood(Attacker.Place, options, frames));

    /// <summary>A frame that the router sends to the node.</summary>
    public PacketBuilder RouterFrame(string source, int port, IPEndPoint to) => Frame(source, port, to).Ethernet(routerLink);

    /// <summary>As <see cref="Send"/>, past the router's own checks.</summary>
    public Flood SendFromRouter(string options, params IReadOnlyList<byte[]> frames)
        => Keep(new Flood(Router.Place, $"device=nodes {options}", frames));

    /// <summary>What the programs of the node counted for a reason, by its name in /metrics.</summary>
    public long Count(string reason)
    {
        var match = Regex.Match(
            Agent.Metrics(), $$"""^ebpflb_(packets|datapath_events)_total\{.*reason="{{reason}}".*\} (?<count>[0-9]+)""",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        return match.Success ? long.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>The sum of the samples of a metric that have this word among their labels.</summary>
    public double Sum(string metric, string label)
        => Agent.MetricsOf(metric).Split('\n').Where(line => line.Contains($"\"{label}\"", StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>Lines of `ebpflb conntrack list` with these filters.</summary>
    public IReadOnlyList<string> Flows(params IReadOnlyList<string> filters) =>
        [.. Agent.Command("conntrack", ["list", .. filters]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];

    public void Dispose()
    {
        if (XdpChoice.Mode.Length > 0 && Probe is not null)
            Console.Error.WriteLine($"in front of the stack: {Count("pkt_xdp")} packets");
        foreach (var disposable in Enumerable.Reverse(running)) disposable.Dispose();
        Agent?.Dispose();
        topology.Dispose();
        manifests.Dispose();
    }

    private IPEndPoint Publish(string name, int nodePort, IPAddress[] endpoints)
    {
        manifests.Put(new ServiceManifest(name)
        {
            Type = "NodePort",
            ClusterIPs = [IPAddress.Parse($"10.96.1.{nodePort % 100}"), IPAddress.Parse($"fd00:10:96::{nodePort % 100}")],
            Ports = [new PortManifest("tcp", "TCP", 80, Target) { NodePort = nodePort },
                new PortManifest("udp", "UDP", 80, Target) { NodePort = nodePort }],
            Endpoints = endpoints, ExternalIPs = endpoints.Length > 0 ? [Vip.Address] : [],
            NodeOf = address => new[] { Node, Second }.FirstOrDefault(node
                => node.Pods.Any(pod => pod.IPv4.Equals(address) || pod.IPv6.Equals(address)))?.Name,
        });
        return new IPEndPoint(Node.IPv4, nodePort);
    }

    private AgentProcess Start(NodeNetns node, IReadOnlyList<string> extra)
        => AgentProcess.Start(new AgentOptions(Binary, node, "--manifests", manifests.Path)
        {
            Extra = ["--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48", .. XdpChoice.Options, .. extra],
        });

    private static PhysicalAddress AddressOf(ProcessPlace place, string device) => NetnsThread.Run(
        place.NetnsPath!, () => NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == device).GetPhysicalAddress());

    private T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }
}
