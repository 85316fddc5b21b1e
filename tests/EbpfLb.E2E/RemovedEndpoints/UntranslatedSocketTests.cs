using System.Diagnostics;
using System.Net;
using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.RemovedEndpoints;

/// <summary>
/// UDP clients that began before the service that they ask was there, as a resolver does that starts before the cluster's DNS.
/// </summary>
public sealed class UntranslatedSocketTests(TestNode node, ITestOutputHelper output) : IClassFixture<TestNode>
{
    private const int Clients = 3;
    private const int NodePort = 30_953;

    private static int pods;

    public static MatrixTheoryData<string, Family> Kinds => new(["send", "wait", "sendto"], [Family.IPv4, Family.IPv6, Family.Mapped]);

    [Contract(
        "12",
        "flows from before there was an endpoint, or a service: served when one comes; a connected socket is ended then, whatever "
        + "frontend it asked")]
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Clients_that_began_before_their_service_are_served_when_it_comes(string kind, Family family)
    {
        var service = node.NewService("a");
        var swarm = Begin(Pod(), kind, service.Address(family), family);

        node.Publish(service);

        Served(swarm, kind);
    }

    [Fact]
    public void They_are_left_alone_until_there_is_an_endpoint()
    {
        var service = node.NewService();
        var swarm = Begin(Pod(), "wait", service.Address(Family.IPv4), Family.IPv4);

        node.Publish(service);
        // It looks for such sockets at once when the service comes, and again soon after.
        Thread.Sleep(TimeSpan.FromSeconds(2));
        Assert.Equal(0, swarm.Aborted);
        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("a") });

        Served(swarm, "wait");
    }

    [Contract(
        "12",
        "flows from before there was an endpoint, or a service: served when one comes; a connected socket is ended then, whatever "
        + "frontend it asked")]
    [Theory]
    [InlineData("external IP")]
    [InlineData("LB VIP")]
    [InlineData("NodePort")]
    public void Clients_of_external_addresses_that_come_later_are_served(string frontend)
    {
        var vip = IPAddress.Parse(frontend == "LB VIP" ? "203.0.113.1" : "203.0.113.2");
        var service = node.Publish("a");
        var to = frontend == "NodePort" ? $"{node.Node.IPv4}:{NodePort}" : $"{vip}:{TestNode.ServicePort}";
        // The node itself has no route to the others until it is told what they are.
        ProcessPlace[] places = frontend == "NodePort" ? [Pod(), node.Node.Place] : [Pod()];
        var swarms = places.Select(place => Begin(place, "wait", to, Family.IPv4)).ToList();

        node.Manifests.Put(frontend switch
        {
            "external IP" => service.Manifest with { ExternalIPs = [vip] },
            "LB VIP" => service.Manifest with { Type = "LoadBalancer", LoadBalancerIPs = [vip] },
            _ => service.Manifest with
            {
                Type = "NodePort", Ports = [.. service.Manifest.Ports.Select(p
                    => p.Protocol == "UDP" ? p with { NodePort = NodePort } : p)],
            },
        });

        Assert.All(swarms, s => Served(s, "wait"));
    }

    [Contract(
        "12",
        "flows from before there was an endpoint, or a service: served when one comes; a connected socket is ended then, whatever "
        + "frontend it asked")]
    [Fact]
    public void What_began_while_no_agent_ran_is_served_by_the_next()
    {
        var service = node.NewService("a");
        node.Agent.Kill();
        var swarm = Begin(Pod(), "send", service.Address(Family.IPv6), Family.IPv6);
        node.Manifests.Put(service.Manifest);
        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        Served(swarm, "send");
    }

    /// <summary>Of a pod that nothing tells at once that it reaches nobody.</summary>
    private ProcessPlace Pod() => node.Node.AddPod($"early{Interlocked.Increment(ref pods)}").Place;

    /// <summary>Clients that ask what is not there yet.</summary>
    private Swarm Begin(ProcessPlace place, string kind, string to, Family family)
    {
        var swarm = node.Keep(NetProbe.Start(place)).StartSwarm(kind, to, Clients, family == Family.Mapped);
        if (kind != "sendto") Eventually.True(() => swarm.Connected == Clients, () => swarm.Report);
        return swarm;
    }

    private void Served(Swarm swarm, string kind)
    {
        var watch = Stopwatch.StartNew();
        Eventually.True(() => swarm.IsServedBy("a/8080"), () => $"{swarm.Report}\n{node.Agent.EndOfLog}");
        output.WriteLine($"served after {watch.ElapsedMilliseconds} ms");
        // They were connected to the frontend itself. A sender that connects anew before it has read the error gets to read it later.
        if (kind != "sendto") Assert.InRange(swarm.Aborted, Clients, 2 * Clients);
        Eventually.True(() => node.Agent.Untranslated() == 0, () => node.Agent.SocketReport());
        swarm.Stop();
    }
}
