using System.Text.Json;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Commands;

/// <summary>`ebpflb explain` on a node that serves: the same as from its manifests, and what its kernel really does.</summary>
public sealed class ExplainTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static readonly Way[] Ways = [Way.ClusterIP, Way.ExternalIP, Way.LoadBalancerIP, Way.NodePortOfFirst, Way.NodePortOfSecond];

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Theory]
    [MemberData(nameof(Families))]
    public void The_agent_says_what_its_manifests_say_and_the_program_does_so(Family family)
    {
        OutsideService[] services =
        [
            cluster.Publish("a", "b", "c"),
            Publish(["a", "c"], "Local"),
            Publish(["c"], "Local"),
            cluster.Publish(),
        ];
        var flows = services.SelectMany(s
            => Ways.SelectMany(way => Sources(family).Select(from => (From: from, To: s.Address(cluster, way, family))))).ToList();

        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, flows.Select(f => Line(f.From, f.To)));
            var (liveCode, live) = Explain("--flows", file, "-o", "json");
            var (offlineCode, offline) = Explain("--manifests", cluster.Manifests.Path, "--node-name", cluster.First.Name, "--cluster-cidr",
                "10.244.0.0/16,fd00:10:244::/48", "--flows", file, "-o", "json");

            Assert.True((liveCode, offlineCode) == (0, 0), live + offline);
            Assert.Equal(flows.Count, Answers(live).Count);
            Assert.Equal(Answers(offline), Answers(live));
        }
        finally
        {
            File.Delete(file);
        }
        List<string> wrong = [];
        foreach (var (from, to) in flows.Where(f => f.From == Sources(family)[0]))
        {
            var (code, text) = Explain("--from", from, "--to", to, "-o", "json");
            Assert.True(code == 0, text);
            var kernel = JsonDocument.Parse(text).RootElement.GetProperty("kernel");
            if (kernel.GetProperty("packet").ValueKind != JsonValueKind.Object || kernel.GetProperty("stale").GetArrayLength() > 0)
                wrong.Add(text);
        }
        Assert.True(wrong.Count == 0, string.Concat(wrong));
    }

    [Fact]
    public void It_shows_counters_what_is_remembered_and_flows_and_changes_nothing()
    {
        var service = cluster.NewService("a", "c");
        service = cluster.Publish(service with { Manifest = service.Manifest with { AffinitySeconds = 600 } });
        var to = service.Address(cluster, Way.ExternalIP, Family.IPv4);
        Assert.True(cluster.Probe.Load(LoadMode.Tcp, to, 3).IsClean);
        var before = Counters();

        var (code, text) = Explain("--from", cluster.Client.IPv4.ToString(), "--to", to);

        Assert.True(code == 0, text);
        Assert.Contains("3 connections", text);
        Assert.Matches("affinity +.*:8080 is remembered for this client", text);
        Assert.Matches("flow +", text);
        Assert.Matches("program +a first packet by eth0 is translated", text);
        Assert.DoesNotContain("stale", text);
        Assert.Equal(before, Counters());

        string Counters() => cluster.First.Agent.Json("services").GetProperty("services").EnumerateArray()
            .Single(r
                => r.GetProperty("service").GetString() == $"default/{service.Manifest.Name}" && r.GetProperty("frontends").EnumerateArray()
                    .Any(f => f.GetProperty("address").GetString() == to.Split(':')[0]) && r.GetProperty("protocol").GetString() == "TCP")
            .GetRawText();
    }

    private OutsideService Publish(string[] pods, string policy)
    {
        var service = cluster.NewService(pods);
        return cluster.Publish(service with { Manifest = service.Manifest with { ExternalTrafficPolicy = policy } });
    }

    /// <summary>The client outside first; then pods of this node and of the other, and the nodes themselves.</summary>
    private string[] Sources(Family family)
    {
        var (here, there) = (cluster.Pod("a"), cluster.Pod("c"));
        return family == Family.IPv6
            ? [cluster.Client.IPv6.ToString(), here.IPv6.ToString(), there.IPv6.ToString(), cluster.First.Address(family),
                cluster.Second.Address(family)]
            : [cluster.Client.IPv4.ToString(), here.IPv4.ToString(), there.IPv4.ToString(), cluster.First.Address(family),
                cluster.Second.Address(family)];
    }

    private (int Code, string Output) Explain(params string[] arguments) => cluster.First.Agent.Command("explain", arguments);

    private static string Line(string from, string to)
    {
        var colon = to.LastIndexOf(':');
        return $$"""{"from":"{{from}}","to":"{{to[..colon].Trim('[', ']')}}","port":{{to[(colon + 1)..]}},"protocol":"UDP"}""";
    }

    private static List<string> Answers(string output) => [.. output.Split('\n').Where(l => l.StartsWith('{'))];
}
