using System.Diagnostics;
using EbpfLb.Testing;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.RemovedEndpoints;

/// <summary>UDP clients that talk to one backend go on with another when that one goes (docs/contract.md 12).</summary>
public sealed class MoveTests(TestNode node, ITestOutputHelper output) : IClassFixture<TestNode>
{
    private const int Clients = 5;

    public static MatrixTheoryData<string, Family> Kinds => new(["send", "wait", "sendto"], [Family.IPv4, Family.IPv6, Family.Mapped]);

    [Contract("12", "an active client moves: ClusterIP, NodePort, Local, hostNetwork, connected sockets")]
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Clients_of_a_pod_move_to_the_new_backend(string kind, Family family)
    {
        var service = node.Publish("a");
        var swarm = Served(node.Probe, kind, service, family, "a/8080");

        Move(service, swarm, "b");

        // A sender that connects anew before it has read the error gets to read it later.
        Assert.InRange(swarm.Aborted, kind == "sendto" ? 0 : Clients, kind == "sendto" ? 0 : 2 * Clients);
        swarm.Stop();
    }

    [Contract("12", "an active client moves: ClusterIP, NodePort, Local, hostNetwork, connected sockets")]
    [Theory]
    [InlineData("send", Family.IPv4)]
    [InlineData("wait", Family.IPv6)]
    [InlineData("sendto", Family.Mapped)]
    public void Clients_of_the_node_itself_move_to_the_new_backend(string kind, Family family)
    {
        var service = node.Publish("a");
        using var host = NetProbe.Start(node.Node.Place);
        var swarm = Served(host, kind, service, family, "a/8080");

        Move(service, swarm, "b");
    }

    [Contract("12", "an active client moves: ClusterIP, NodePort, Local, hostNetwork, connected sockets")]
    [Fact]
    public void Clients_of_a_service_with_a_Local_policy_inside_move_to_the_new_backend()
    {
        var service = node.NewService("a");
        service = node.Publish(
            service with { Manifest = service.Manifest with { InternalTrafficPolicy = "Local", NodeOf = _ => node.Node.Name } });
        var swarm = Served(node.Probe, "send", service, Family.IPv4, "a/8080");

        Move(service, swarm, "b");
        swarm.Stop();
    }

    [Contract(
        "12",
        "flows from before there was an endpoint, or a service: served when one comes; a connected socket is ended then, whatever "
        + "frontend it asked")]
    [Fact]
    public void Clients_that_began_before_there_was_an_endpoint_are_served_when_one_comes()
    {
        var service = node.Publish();
        var swarms = ((string[])["send", "wait", "sendto"]).Select(kind => Start(node.Probe, kind, service, Family.IPv4)).ToList();
        Assert.DoesNotContain(swarms, s => s.IsServedBy("a/8080"));

        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("a") });

        Assert.All(swarms, s => Eventually.True(() => s.IsServedBy("a/8080"), () => s.Report));
        foreach (var swarm in swarms) swarm.Stop();
    }

    [Contract("12", "no serving endpoint: here too its flows end; the client is refused")]
    [Fact]
    public void Clients_are_ended_with_the_last_endpoint_and_served_again_by_the_next()
    {
        var service = node.Publish("a");
        var swarm = Served(node.Probe, "wait", service, Family.IPv4, "a/8080");

        node.Manifests.Put(service.Manifest with { Endpoints = [] });
        Eventually.True(() => swarm.Aborted >= Clients, () => swarm.Report);
        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("c") });

        Eventually.True(() => swarm.IsServedBy("c/8080"), () => swarm.Report);
        swarm.Stop();
    }

    [Contract("12", "serving endpoints keep theirs: also terminating ones")]
    [Fact]
    public void Clients_stay_with_a_backend_that_serves_while_it_terminates_and_leave_it_when_it_does_not()
    {
        var service = node.Publish("a");
        var swarm = Served(node.Probe, "send", service, Family.IPv4, "a/8080");

        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("b"), TerminatingEndpoints = node.Addresses("a") });
        Eventually.True(() => node.Probe.Load(service.Load(LoadMode.UdpConnected, Family.IPv4) with { Count = 20 }).By("b/8080") == 20,
            "new ones to reach b only");
        Assert.Equal(0, swarm.Aborted);
        Assert.True(swarm.IsServedBy("a/8080"), swarm.Report);

        Move(service, swarm, "b");
        swarm.Stop();
    }

    /// <summary>All endpoints become these, and every client has an answer from there; the agent says that nothing is left.</summary>
    private void Move(TestService service, Swarm swarm, string to)
    {
        var watch = Stopwatch.StartNew();
        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses(to) });
        Eventually.True(() => swarm.IsServedBy($"{to}/8080"), () => $"clients to move to {to}: {swarm.Report}\n{node.Agent.EndOfLog}");
        output.WriteLine($"{swarm.Count} clients moved within {watch.ElapsedMilliseconds} ms of the change of the file");
        Eventually.True(() => node.Agent.StaleUdp() == 0, () => node.Agent.SocketReport());
    }

    private static Swarm Served(NetProbe probe, string kind, TestService service, Family family, string by)
    {
        var swarm = Start(probe, kind, service, family);
        Eventually.True(() => swarm.IsServedBy(by), () => swarm.Report);
        return swarm;
    }

    private static Swarm Start(NetProbe probe, string kind, TestService service, Family family)
        => probe.StartSwarm(kind, service.Address(family), Clients, family == Family.Mapped);
}
