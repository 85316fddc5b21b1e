using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Testing.Truth;

/// <summary>
/// What a row of the truth table is about, in one family: a Service "web" with all kinds of frontends on port 80 and node port 30080,
/// backends on port 8080 of this node (node-1) and of another, a ServiceCIDR, and who asks.
/// </summary>
public sealed class TruthCluster(IpFamily family)
{
    public const string NodeName = "node-1";
    public const ushort Port = 80;
    public const ushort NodePort = 30080;
    public const ushort BackendPort = 8080;
    private const ushort UnknownPort = 81;
    private const int MaglevTableSize = 251;

    public static string[] Situations { get; } = ["both", "here", "there", "none", "unready", "ending here", "ending there", "ending"];

    public IpAddress Here { get; } = Of(family, "10.244.1.7", "fd00:244:1::7");

    public IpAddress There { get; } = Of(family, "10.244.2.7", "fd00:244:2::7");

    /// <summary>An address of this node on which NodePorts answer.</summary>
    public IpAddress Node { get; } = Of(family, "192.0.2.1", "2001:db8:1::1");

    /// <summary>Another address of this node, for packets of its own.</summary>
    public IpAddress NodeSource { get; } = Of(family, "192.0.2.254", "2001:db8:1::fe");

    /// <summary>A pod of this node that is no backend.</summary>
    public IpAddress Pod { get; } = Of(family, "10.244.1.9", "fd00:244:1::9");

    public IpAddress Outside { get; } = Of(family, "198.51.100.9", "2001:db8:99::9");

    public IpAddress Blocked { get; } = Of(family, "198.51.100.77", "2001:db8:99::77");

    /// <summary>Address of the other node, by which its pods are reached.</summary>
    public IpAddress OtherNode { get; } = Of(family, "10.244.2.1", "fd00:244:2::1");

    public SourceRange Pods { get; } = SourceRange.Parse(family == IpFamily.IPv4 ? "10.244.0.0/16" : "fd00:244::/32");

    public SourceRange ServiceCidr { get; } = SourceRange.Parse(family == IpFamily.IPv4 ? "10.96.0.0/16" : "fd00:96::/112");

    /// <summary>Everyone but <see cref="Blocked"/>.</summary>
    private string[] Ranges { get; } = family == IpFamily.IPv4
        ? ["198.51.100.8/29", "10.244.0.0/16", "192.0.2.0/24"]
        : ["2001:db8:99::8/125", "fd00:244::/32", "2001:db8:1::/64"];

    public (IpAddress Address, ushort Port, TransportProtocol Protocol) Target(TruthRow row)
    {
        var protocol = row.Destination.EndsWith("unknown protocol", StringComparison.Ordinal) ? TransportProtocol.Udp
            : TransportProtocol.Tcp;
        var isUnknown = row.Destination.EndsWith("unknown port", StringComparison.Ordinal);
        var kind = row.Destination.Replace(" unknown port", "", StringComparison.Ordinal)
            .Replace(" unknown protocol", "", StringComparison.Ordinal);
        var (address, port) = kind switch
        {
            "ClusterIP" => (ClusterIP, Port),
            "NodePort" => (Node, NodePort),
            "external IP" => (Of(family, "198.51.100.100", "2001:db8:99::100"), Port),
            "VIP" => (Of(family, "203.0.113.80", "2001:db8:2::80"), Port),
            "unallocated" => (Of(family, "10.96.9.9", "fd00:96::99"), Port),
            _ => throw new InvalidDataException($"'{row.Destination}' is no destination of the truth table"),
        };
        return (address, isUnknown ? (ushort)(port + UnknownPort) : port, protocol);
    }

    public IpAddress SourceOf(TruthRow row) => row.Source switch
    {
        "pod" => Pod,
        "node" => NodeSource,
        "outside" => Outside,
        "blocked" => Blocked,
        _ => throw new InvalidDataException($"'{row.Source}' is no source of the truth table"),
    };

    /// <param name="scheduler">Of the Service; null: the usual one.</param>
    public ClusterSnapshot Build(TruthRow row, Scheduler? scheduler = null)
    {
        var policy = row.Policy == "Local" ? TrafficPolicy.Local : TrafficPolicy.Cluster;
        var other = policy == TrafficPolicy.Local ? TrafficPolicy.Cluster : TrafficPolicy.Local;
        var isInternal = row.Destination.StartsWith("ClusterIP", StringComparison.Ordinal);
        var snapshot = new ClusterBuilder()
            .Node(NodeName, addresses: [$"{Node}"])
            .Other("node-2", $"{OtherNode}")
            .Service(
                "web", [$"{ClusterIP}"], [$"http:{Port}@{NodePort}"], type: ServiceType.LoadBalancer,
                externalIPs: [Of(family, "198.51.100.100", "2001:db8:99::100").ToString()],
                balancerIPs: [Of(family, "203.0.113.80", "2001:db8:2::80").ToString()],
                sourceRanges: Ranges, inside: isInternal ? policy : other, outside: isInternal ? other : policy, scheduler: scheduler,
                maglevTableSize: scheduler == Scheduler.Maglev ? MaglevTableSize : 0)
            .Slice("web-1", "web", [$"http:{BackendPort}"], Endpoints(row.Endpoints), family)
            .Build();
        return snapshot with { ServiceCidrs = [ServiceCidr] };
    }

    private IpAddress ClusterIP { get; } = Of(family, "10.96.0.10", "fd00:96::10");

    private string[] Endpoints(string situation)
    {
        string here = $"{Here} node={NodeName}", there = $"{There} node=node-2";
        return situation switch
        {
            "both" => [here, there],
            "here" => [here],
            "there" => [there],
            "none" => [],
            "unready" => [$"{here} unready", $"{there} unready"],
            "ending here" => [$"{here} terminating", there],
            "ending there" => [here, $"{there} terminating"],
            "ending" => [$"{here} terminating", $"{there} terminating"],
            _ => throw new InvalidDataException($"'{situation}' is no situation of the truth table"),
        };
    }

    private static IpAddress Of(IpFamily family, string four, string six) => IpAddress.Parse(family == IpFamily.IPv4 ? four : six);
}
