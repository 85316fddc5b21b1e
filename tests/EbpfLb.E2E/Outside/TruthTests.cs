using EbpfLb.Testing;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Truth;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// A sample of the truth table of docs/policy.md with real sockets: every destination, policy and source with backends "there" (on the
/// other node), "both" and "none". Pods and the node go by the socket hooks, which need no masquerading; the client outside goes by packet.
/// </summary>
public sealed class TruthTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Connections = 24;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);

    private static readonly Dictionary<string, string[]> Backends = new() { ["both"] = ["b", "c"], ["there"] = ["c"], ["none"] = [] };

    public static TheoryData<string, string, Family> Services { get; } = new(
        from policy in new[] { "Cluster", "Local" }
        from endpoints in Backends.Keys
        from family in Enum.GetValues<Family>()
        select new TheoryDataRow<string, string, Family>(policy, endpoints, family));

    [Contract("19.2", "empty Local list: dropped with endpoints elsewhere, refused with none")]
    [Contract("5.2", "the matrix, all rows: destination, policy, source: list and SNAT")]
    [Theory]
    [MemberData(nameof(Services))]
    public void Connections_end_where_the_table_says(string policy, string endpoints, Family family)
    {
        cluster.Manifests.PutText("cidrs", Cidrs);
        var spec = cluster.NewService(Backends[endpoints]);
        var inside = spec with { Manifest = spec.Manifest with { InternalTrafficPolicy = policy, ExternalTrafficPolicy = policy } };
        var service = cluster.Publish(inside);
        using var pod = NetProbe.Start(cluster.Pod("a").Place);
        var asked = 0;
        foreach (var row in TruthTable.Rows.Where(r => r.Policy == policy && r.Endpoints == endpoints && r.Source != "blocked"))
        {
            if (Target(service, row.Destination, family) is not { } to) continue;
            var probe = row.Source switch { "pod" => pod, "node" => cluster.First.Host, _ => cluster.Probe };
            Assert.Equal((row.ToString(), Expected(row)), (row.ToString(), Outcome(probe, to, row)));
            asked++;
        }
        Assert.True(asked >= 12, $"{asked} rows were asked");
    }

    /// <summary>What the client sees of it.</summary>
    private static string Expected(TruthRow row) => row.Outcomes switch
    {
        "drop" => "connect/ETIMEDOUT",
        "reject" => "connect/ECONNREFUSED",
        _ when row.Source == "outside" => string.Join(", ", row.All),
        _ => string.Join(", ", row.All.Select(o => o.Replace(" SNAT", "", StringComparison.Ordinal))),
    };

    private string Outcome(NetProbe probe, string to, TruthRow row)
    {
        var report = probe.Load(new LoadSpec(LoadMode.Tcp, to)
        {
            Count = row.IsServed ? Connections : 2, Timeout = row.IsServed ? TimeSpan.FromSeconds(10) : Short,
        });
        if (report.Errors.Count > 0) return string.Join(", ", report.Errors.Keys);
        var client = row.Source == "outside" ? new[] { cluster.Client.IPv4.ToString(), cluster.Client.IPv6.ToString() } : null;
        return string.Join(", ", report.Names.Keys.Select(name =>
        {
            var parts = name.Split('@');
            return (parts[0] == "b" ? "here" : "there") + (client is null || client.Contains(parts[1]) ? "" : " SNAT");
        }).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>null: not of this sample.</summary>
    private string? Target(OutsideService service, string destination, Family family) => destination switch
    {
        "ClusterIP" => service.Address(cluster, Way.ClusterIP, family),
        "NodePort" => service.Address(cluster, Way.NodePortOfFirst, family),
        "external IP" => service.Address(cluster, Way.ExternalIP, family),
        "VIP" => service.Address(cluster, Way.LoadBalancerIP, family),
        "ClusterIP unknown port" => $"{service.Address(cluster, Way.ClusterIP, family)}81",
        "unallocated" => family == Family.IPv6 ? "[fd00:10:96::dead]:80" : "10.96.255.254:80",
        _ => null,
    };

    private const string Cidrs = """
        apiVersion: networking.k8s.io/v1
        kind: ServiceCIDR
        metadata: { name: kubernetes }
        spec: { cidrs: [ 10.96.0.0/16, "fd00:10:96::/64" ] }
        """;
}
