using System.Net;
using EbpfLb.Testing;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Health check node ports as a load balancer outside sees them (docs/contract.md 9 and 19.19): numbers of the NodePort range, on nodes
/// whose NodePorts are kept from bind().
/// </summary>
public sealed class HealthCheckTests : IClassFixture<HealthCheckTests.Cluster>, IDisposable
{
    private const int HealthPort = 10256;

    private readonly TestCluster cluster;
    private readonly HttpClient balancer;

    public HealthCheckTests(Cluster fixture)
    {
        cluster = fixture.Value;
        balancer = NetnsListener.HttpClient(cluster.Client.Place.NetnsPath!);
    }

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    public void Dispose() => balancer.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void Nodes_with_ready_endpoints_answer_200_with_their_number_and_others_503(Family family)
    {
        var service = Publish(["a", "b"]);

        Until(cluster.First, service, family, "200 weight=2");
        Until(cluster.Second, service, family, "503 weight=0");
    }

    [Contract("6", "rolling update under Local: serves on while the health check says 503")]
    [Contract("9", "count: addresses of ready endpoints of this node, once over all ports")]
    [Fact]
    public void A_node_whose_endpoints_only_terminate_says_503_and_still_serves()
    {
        var service = Publish(["a"]);
        Until(cluster.First, service, Family.IPv4, "200 weight=1");

        cluster.Manifests.Put(service.Manifest with { Endpoints = [], TerminatingEndpoints = cluster.Addresses("a") });

        Until(cluster.First, service, Family.IPv4, "503 weight=0");
        Assert.True(cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, Way.NodePortOfFirst, Family.IPv4), 10).IsClean);
    }

    [Contract(
        "9",
        "who: LoadBalancer with external policy Local and a number, one listener a Service; closed when one of these ends, another "
        + "number is opened anew")]
    [Fact]
    public void The_port_follows_its_number_and_ends_with_the_policy()
    {
        var service = Publish(["a"]);
        Until(cluster.First, service, Family.IPv4, "200 weight=1");
        var moved = service with { Manifest = service.Manifest with { HealthCheckNodePort = service.Manifest.HealthCheckNodePort + 100 } };

        cluster.Manifests.Put(moved.Manifest);
        Until(cluster.First, moved, Family.IPv4, "200 weight=1");
        Until(cluster.First, service, Family.IPv4, "refused");

        cluster.Manifests.Put(moved.Manifest with { ExternalTrafficPolicy = "Cluster", HealthCheckNodePort = 0 });
        Until(cluster.First, moved, Family.IPv4, "refused");
    }

    [Contract("9", "bind fails: open nowhere, an event on the Service, tried again")]
    [Fact]
    public void A_port_that_a_process_of_the_node_holds_is_told_and_opens_when_it_is_free()
    {
        var service = NewService(["a"]);
        using (PodServer.Start(cluster.First.Netns.Place, "host", $"{service.Manifest.HealthCheckNodePort}", ""))
        {
            cluster.Publish(service);
            cluster.First.Agent.LogLine($"Event: Service=default/{service.Manifest.Name} reason=FailedToStartServiceHealthcheck");
            Assert.Contains(cluster.First.Agent.Json("status").GetProperty("warnings").EnumerateArray(),
                w => w.GetString()!.StartsWith($"Service default/{service.Manifest.Name}: healthCheckNodePort "
                        + $"{service.Manifest.HealthCheckNodePort} cannot be listened on",
                    StringComparison.Ordinal));
        }

        // Within 30 s.
        Until(cluster.First, service, Family.IPv4, "200 weight=1");
    }

    /// <summary>More than any limit, as a pod of any tenant can open them: they wait for nothing and say nothing.</summary>
    [Fact]
    public async Task Idle_connections_keep_neither_the_load_balancer_nor_the_kubelet_out()
    {
        var service = Publish(["a"]);
        Until(cluster.First, service, Family.IPv4, "200 weight=1");
        var node = cluster.First.Address(Family.IPv4);
        using var kubelet = NetnsListener.HttpClient(cluster.First.Netns.Place.NetnsPath!);
        using var attacker = NetProbe.Start(cluster.Client.Place);
        foreach (var port in new[] { service.Manifest.HealthCheckNodePort, HealthPort })
        {
            attacker.Ask($"hold id=idle{port} to={node}:{port} count=400");
            Assert.Equal("200 weight=1", Ask(new IPEndPoint(IPAddress.Parse(node), service.Manifest.HealthCheckNodePort)));
            foreach (var address in new[] { node, "127.0.0.1" })
            {
                using var alive = await kubelet.GetAsync(
                    new Uri($"http://{address}:{HealthPort}/livez"), TestContext.Current.CancellationToken);
                Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
            }
            using var asked = await balancer.GetAsync(
                new Uri($"http://{node}:{HealthPort}/healthz"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        }
    }

    private OutsideService Publish(string[] pods) => cluster.Publish(NewService(pods));

    private OutsideService NewService(string[] pods)
    {
        var service = cluster.NewService(pods);
        return service with
        {
            Manifest = service.Manifest with { ExternalTrafficPolicy = "Local", HealthCheckNodePort = service.NodePort + 500 },
        };
    }

    private void Until(ClusterNode node, OutsideService service, Family family, string expected)
    {
        var port = service.Manifest.HealthCheckNodePort;
        var last = "";
        Eventually.True(
            () => (last = Ask(new IPEndPoint(IPAddress.Parse(node.Address(family)), port))) == expected,
            () => $"{expected} of {node.Name}:{port}, which answers {last}{cluster.Report()}");
    }

    private string Ask(IPEndPoint endpoint)
    {
        try
        {
            using var answer = balancer.GetAsync(new Uri($"http://{endpoint}/healthz")).GetAwaiter().GetResult();
            return $"{(int)answer.StatusCode} weight={string.Join(',', answer.Headers.GetValues("X-Load-Balancing-Endpoint-Weight"))}";
        }
        catch (HttpRequestException)
        {
            return "refused";
        }
    }

    public sealed class Cluster : IDisposable
    {
        public TestCluster Value { get; } = new(new TestClusterOptions { Extra = ["--protect-nodeports"] });

        public void Dispose() => Value.Dispose();
    }
}
