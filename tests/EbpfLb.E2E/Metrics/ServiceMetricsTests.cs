using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Metrics;

/// <summary>Counters of single service ports in the metrics of an agent (--service-metrics).</summary>
public sealed class ServiceMetricsTests : IDisposable
{
    /// <summary>The ports of one service of these tests: TCP and UDP of both families.</summary>
    private const int PortsOfOne = 4;

    private readonly TestNode node = new(["--service-metrics", $"{PortsOfOne}"]);

    public void Dispose() => node.Dispose();

    [Fact]
    public void The_first_ports_are_counted_by_name_and_those_beyond_the_limit_together()
    {
        var first = node.Publish("a");
        Connect(first, Family.IPv4, 7);
        Connect(first, Family.IPv6, 3);
        AwaitLine($"ebpflb_service_connections_total{{{Labels(first, "IPv4")}}} 7");
        AwaitLine($"ebpflb_service_connections_total{{{Labels(first, "IPv6")}}} 3");
        AwaitLine($"ebpflb_service_refused_total{{{Labels(first, "IPv4")}}} 0");

        var second = node.Publish("b");
        Connect(second, Family.IPv4, 5);
        AwaitLine($"ebpflb_service_ports{{series=\"own\"}} {PortsOfOne}");
        AwaitLine($"ebpflb_service_ports{{series=\"summed\"}} {PortsOfOne}");
        var all = CountedBy(second);
        Assert.True(all > 5, "besides TCP there was UDP, to see that the service is served");
        Eventually.True(() => Others() == all, () => $"{all} connections of others; there are {Others()}");
        Assert.DoesNotContain(second.Manifest.Name, node.Agent.Metrics(), StringComparison.Ordinal);
    }

    private void Connect(TestService service, Family family, int count)
        => Assert.Equal(count, node.Probe.Load(service.Load(LoadMode.Tcp, family) with { Count = count }).Answered);

    private void AwaitLine(string line) => Eventually.True(
        () => node.Agent.Metrics().Split('\n').Contains(line, StringComparer.Ordinal),
        () => $"the line {line} among\n{node.Agent.MetricsOf(line.Split('{')[0])}");

    /// <summary>Connections of all ports of the service: each port of a family has one frontend.</summary>
    private long CountedBy(TestService service) => node.Agent.Json("services").GetProperty("services").EnumerateArray()
        .Where(row => row.GetProperty("service").GetString() == $"{service.Manifest.Namespace}/{service.Manifest.Name}")
        .Sum(row => row.GetProperty("connections").GetInt64());

    private long Others()
    {
        const string Begin = "ebpflb_service_connections_total{namespace=\"\",service=\"_others\",port=\"\",protocol=\"\",ip_family=\"\"} ";
        return node.Agent.Metrics().Split('\n').Where(l => l.StartsWith(Begin, StringComparison.Ordinal)).Select(l
            => long.Parse(l[Begin.Length..], null)).SingleOrDefault();
    }

    private static string Labels(TestService service, string family)
        => $"namespace=\"{service.Manifest.Namespace}\",service=\"{service.Manifest.Name}\",port=\"tcp\","
            + $"protocol=\"TCP\",ip_family=\"{family}\"";
}
