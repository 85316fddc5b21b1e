using System.Globalization;
using System.Text.Json;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>--traffic-counts: who gets how much of what passes the programs at the devices.</summary>
public sealed class TrafficCountTests : IDisposable
{
    private const long Up = 1_000_000, Down = 3_000_000;

    /// <summary>Handshakes, acknowledgements and the headers of segments.</summary>
    private const double Overhead = 1.3;

    private readonly TestCluster cluster = new(new TestClusterOptions
    {
        Extra = ["--traffic-counts", "--service-metrics", "100", "--backend-metrics", "100"],
    });

    public void Dispose() => cluster.Dispose();

    [Theory]
    [InlineData("a", Family.IPv4)]
    [InlineData("c", Family.IPv6)]
    public void What_a_client_sends_and_gets_is_shown_by_service_port_and_backend(string pod, Family family)
    {
        var service = cluster.Publish(pod);
        cluster.Publish("b");

        cluster.Probe.Do($"bulk to={service.Address(cluster, Way.NodePortOfFirst, family)} up={Up} down={Down} timeout=20000");

        // The last packets of the connection may still be on their way.
        Eventually.True(() => Traffic("services", service, family) == Traffic("backends", service, family), () => "both to be the same");
        var counted = Traffic("services", service, family);
        Assert.InRange(counted.BytesIn, Up, Up * Overhead);
        Assert.InRange(counted.BytesOut, Down, Down * Overhead);
        Assert.InRange(counted.PacketsIn, 10, counted.BytesIn / 40);
        Assert.InRange(counted.PacketsOut, 10, counted.BytesOut / 40);
        Eventually.True(() =>
        {
            var now = Traffic("services", service, family);
            return (now.PacketsIn, now.BytesIn, now.PacketsOut, now.BytesOut) == (
                Metric("ebpflb_service_packets_total", "in"), Metric("ebpflb_service_bytes_total", "in"),
                Metric("ebpflb_backend_packets_total", "out"), Metric("ebpflb_backend_bytes_total", "out"));
        }, () => $"the metrics to say so\n{cluster.First.Agent.MetricsOf("ebpflb_service_bytes_total")}");
        Assert.Equal(1, cluster.First.Agent.Metrics().Split('\n').Count(l
            => l.StartsWith("ebpflb_backend_bytes_total", StringComparison.Ordinal)
                && l.Contains("direction=\"in\"", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal)));

        long Metric(string name, string direction) => cluster.First.Agent.Metrics().Split('\n')
            .Where(l => l.StartsWith(name + "{", StringComparison.Ordinal)
                && l.Contains($"service=\"{service.Manifest.Name}\",port=\"tcp\",protocol=\"TCP\",ip_family=\"{family}\"",
                    StringComparison.Ordinal)
                && l.Contains($"direction=\"{direction}\"", StringComparison.Ordinal))
            .Select(l => (long)double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)).SingleOrDefault();
    }

    [Fact]
    public void The_counts_outlive_the_agent_and_go_when_the_option_does_while_connections_stay()
    {
        var service = cluster.Publish("a");
        var to = service.Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        cluster.Probe.Do($"hold id=held to={to} count=20");
        Assert.Equal(20, cluster.Probe.Do("exchange id=held").Number("answered"));
        var before = Traffic("services", service, Family.IPv4);
        Assert.InRange(before.PacketsIn, 60, long.MaxValue);

        cluster.First.Agent.Kill();
        Assert.Equal(20, cluster.Probe.Do("exchange id=held").Number("answered"));
        var (code, pinned) = cluster.First.Agent.Command("backends", "-o", "json");
        Assert.True(code == 0, pinned);
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();
        var after = Traffic("services", service, Family.IPv4);
        Assert.InRange(after.PacketsIn, before.PacketsIn + 20, long.MaxValue);
        Assert.Contains($"\"packetsIn\":{after.PacketsIn},", pinned.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);

        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch("--traffic-counts", "false");
        cluster.First.Agent.WaitUntilReady();
        Assert.Equal(20, cluster.Probe.Do("exchange id=held").Number("answered"));
        Assert.All(Rows("services", service, Family.IPv4), r => Assert.Equal(JsonValueKind.Null, r.GetProperty("traffic").ValueKind));
        Assert.DoesNotContain("ebpflb_service_bytes_total{", cluster.First.Agent.Metrics(), StringComparison.Ordinal);
        Assert.Equal(20, Rows("services", service, Family.IPv4).Single().GetProperty("active").GetInt32());

        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();
        Assert.Equal(20, cluster.Probe.Do("exchange id=held").Number("answered"));
        Assert.InRange(Traffic("services", service, Family.IPv4).PacketsIn, 20, before.PacketsIn);
    }

    private (long PacketsIn, long BytesIn, long PacketsOut, long BytesOut) Traffic(string verb, OutsideService service, Family family)
    {
        var traffic = Rows(verb, service, family).Single().GetProperty("traffic");
        return (Number("packetsIn"), Number("bytesIn"), Number("packetsOut"), Number("bytesOut"));

        long Number(string name) => traffic.GetProperty(name).GetInt64();
    }

    /// <summary>Of the TCP port.</summary>
    private IEnumerable<JsonElement> Rows(string verb, OutsideService service, Family family)
        => cluster.First.Agent.Json(verb, $"default/{service.Manifest.Name}:tcp").GetProperty(verb).EnumerateArray()
            .Where(row => row.GetProperty("protocol").GetString() == "TCP" && (row.TryGetProperty("family", out var of)
                ? of.GetString() == family.ToString() : row.GetProperty("address").GetString()!.Contains(':') == (family == Family.IPv6)));
}
