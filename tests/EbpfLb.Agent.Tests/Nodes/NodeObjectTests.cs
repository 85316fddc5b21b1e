using System.Net;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Agent.Tests.Nodes;

/// <summary>docs/contract.md 13: changes of the own Node for which kube-proxy ends are followed by the running agent.</summary>
public sealed class NodeObjectTests
{
    private const string Web = """
        {"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"prod"},
         "spec":{"type":"ClusterIP","clusterIP":"10.96.0.1","clusterIPs":["10.96.0.1"],"ports":[{"port":80,"protocol":"TCP"}]} }
        """;

    /// <summary>One endpoint in each zone, with hints.</summary>
    private const string Slice = """
        {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"web-1","namespace":"prod","labels":{"kubernetes.io/service-name":"web"} },
         "addressType":"IPv4","ports":[{"port":8080}],
         "endpoints":[{"addresses":["10.1.1.1"],"hints":{"forZones":[{"name":"z1"}]} },{"addresses":["10.1.2.1"],"hints":{"forZones":[{"name":"z2"}]} }]}
        """;

    [Contract("13", "Starting: an event on the Node")]
    [Fact]
    public async Task The_start_and_the_end_of_the_node_are_told()
    {
        await using var agent = await RunningAgent.StartAsync();
        agent.ApplyNode();
        await agent.UntilLogAsync("Node object: name=node-1 addresses=192.0.2.1 podCIDRs=10.1.1.0/24 zone=z1");
        await agent.UntilAsync(HttpStatusCode.OK);

        agent.Server.Delete(FakeResource.Nodes, "node-1");

        await agent.UntilAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, (await agent.GetAsync("health", "/livez")).Status);
        await Waiting.UntilAsync(() => agent.Server.Events.Count == 2);
        Assert.Equal(["Starting", "NodeGone"], agent.Server.Events.Select(e => (string?)e["reason"]));
        agent.ApplyNode();
        await agent.UntilAsync(HttpStatusCode.OK);
    }

    [Contract("19.16", "another address or the end of the own Node: here without a restart")]
    [Contract("13", "exits: another Node address, another podCIDR, a deleted Node, another file or kubeconfig: here without an exit")]
    [Fact]
    public async Task A_deleted_node_leaves_the_dataplane_as_it_was()
    {
        await using var agent = await RunningAgent.StartAsync("--detect-local-mode", "NodeCIDR");
        agent.Server.Apply(Web);
        agent.Server.Apply(Slice);
        agent.ApplyNode();
        await Waiting.UntilAsync(() => Backends(agent) == "10.1.1.1" && PodRange(agent) == "10.1.1.0/24");

        agent.Server.Delete(FakeResource.Nodes, "node-1");

        await agent.UntilAsync(HttpStatusCode.ServiceUnavailable);
        agent.Server.Apply(
            Web.Replace("\"web\"", "\"later\"", StringComparison.Ordinal).Replace("10.96.0.1", "10.96.0.2", StringComparison.Ordinal));
        await Waiting.UntilAsync(() => agent.Dataplane.LastApplied!.Find(new Model.ObjectName("prod", "later")) is not null);
        Assert.Equal("10.1.1.1", Backends(agent));
        Assert.Equal("10.1.1.0/24", PodRange(agent));
        Assert.False(agent.Exit.IsCompleted);
    }

    [Contract("5.3", "NodeCIDR: podCIDRs of the own Node, waited for; a change is followed without a restart")]
    [Contract("13", "exits: another Node address, another podCIDR, a deleted Node, another file or kubeconfig: here without an exit")]
    [Fact]
    public async Task Another_podCIDR_is_followed_without_a_restart()
    {
        await using var agent = await RunningAgent.StartAsync("--detect-local-mode", "NodeCIDR");
        agent.ApplyNode(podCidr: "10.1.1.0/24");
        await Waiting.UntilAsync(() => PodRange(agent) == "10.1.1.0/24");

        agent.ApplyNode(podCidr: "10.1.9.0/24");

        await Waiting.UntilAsync(() => PodRange(agent) == "10.1.9.0/24");
        await agent.UntilLogAsync("podCIDRs: \"10.1.1.0/24\" is \"10.1.9.0/24\" now");
    }

    [Contract("6", "another zone: compiles all anew")]
    [Contract(
        "13",
        "full and partial: a round writes differences only; all is looked at again at the start, after a failure and for another zone")]
    [Fact]
    public async Task Another_zone_compiles_everything_anew()
    {
        await using var agent = await RunningAgent.StartAsync();
        agent.Server.Apply(Web);
        agent.Server.Apply(Slice);
        agent.ApplyNode(zone: "z1");
        await Waiting.UntilAsync(() => Backends(agent) == "10.1.1.1");

        agent.ApplyNode(zone: "z2");

        await Waiting.UntilAsync(() => Backends(agent) == "10.1.2.1");
    }

    [Contract("19.16", "another address or the end of the own Node: here without a restart")]
    [Contract("4.1", "nodePortAddresses unset primary when the node's addresses change: followed without a restart")]
    [Contract("13", "exits: another Node address, another podCIDR, a deleted Node, another file or kubeconfig: here without an exit")]
    [Fact]
    public async Task Another_address_is_followed_and_an_update_without_any_keeps_the_last()
    {
        await using var agent = await RunningAgent.StartAsync("--nodeport-addresses", "primary");
        agent.ApplyNode(addresses: "192.0.2.1");
        await agent.UntilLogAsync("addresses=192.0.2.1");

        agent.ApplyNode(addresses: "192.0.2.2 2001:db8::2");
        await agent.UntilLogAsync("addresses: \"192.0.2.1\" is \"192.0.2.2,2001:db8::2\" now");

        agent.Server.Apply("""{"kind":"Node","apiVersion":"v1","metadata":{"name":"node-1"},"status":{"addresses":[]} }""");
        await agent.UntilLogAsync("is \"\" now");
        Assert.Equal(HttpStatusCode.OK, (await agent.GetAsync("health", "/readyz")).Status);
        await agent.UntilAsync(HttpStatusCode.OK);
    }

    [Contract(
        "10",
        "eligible: there, not being deleted, without the autoscaler's taint, whatever its effect; other taints do not matter; it may "
        + "come back")]
    [Fact]
    public async Task The_taint_of_the_autoscaler_is_followed()
    {
        await using var agent = await RunningAgent.StartAsync();
        agent.ApplyNode(taint: "ToBeDeletedByClusterAutoscaler");
        await agent.UntilAsync(HttpStatusCode.ServiceUnavailable);
        agent.ApplyNode(taint: "other");
        await agent.UntilAsync(HttpStatusCode.OK);
    }

    [Contract("13", "own Node: waited for where it is needed; after five minutes that is said, and the agent stays, where kube-proxy ends")]
    [Theory]
    [InlineData("--detect-local-mode", "NodeCIDR", "the Node node-1 is not known, which --detect-local-mode NodeCIDR needs")]
    [InlineData("--nodeport-addresses", "primary", "the Node node-1 is not known, which --nodeport-addresses primary needs")]
    public async Task What_needs_the_node_waits_for_it_and_services_do_not(string option, string value, string reason)
    {
        await using var agent = await RunningAgent.StartAsync(option, value);
        agent.Server.Apply(Web);
        agent.Server.Apply(Slice);

        await Waiting.UntilAsync(() => Backends(agent) == "10.1.1.1 10.1.2.1");
        await Waiting.UntilAsync(()
            => agent.GetAsync("health", "/readyz").GetAwaiter().GetResult().Body.Contains(reason, StringComparison.Ordinal));

        agent.ApplyNode();
        await Waiting.UntilAsync(() => agent.GetAsync("health", "/readyz").GetAwaiter().GetResult().Status == HttpStatusCode.OK);
    }

    private static string? PodRange(RunningAgent agent)
        => agent.Dataplane.NodeState?.Settings.Pods4 is { IsEmpty: false } ranges ? ranges[0].ToString() : null;

    private static string Backends(RunningAgent agent)
        => agent.Dataplane.LastApplied?.Find(new Model.ObjectName("prod", "web")) is { Ports.IsEmpty: false } web
        ? string.Join(' ', web.Ports[0].Backends.Select(b => b.Address.Address))
        : "";
}
