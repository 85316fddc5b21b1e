using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Nodes;

/// <summary>The kernel is told of the node's network, now and when it changes.</summary>
public sealed class NodeReconcilerTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly FakeNode node = new();
    private readonly CollectedLog log = new();
    private readonly PipelineState state = new(
        () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(TimeProvider.System, Period), false);

    public void Dispose()
    {
        node.Dispose();
        log.Dispose();
    }

    [Fact]
    public void The_kernel_is_told_and_the_log_says_each_thing_once()
    {
        node.Device("eth0", address: "192.0.2.1", gateway: "192.0.2.254").Device("cali1", "veth");
        var keeper = Keeper();
        keeper.Refresh();
        keeper.Refresh();

        Assert.Equal(["192.0.2.1 (NodePorts)"], node.State!.Addresses.Select(a => a.ToString()));
        Assert.Equal(4711ul, node.State.Settings.HostNetnsCookie);
        Assert.Equal(["eth0"], state.NodeView.Attached.Select(d => d.Name));
        Assert.Single(log.Lines, l => l.Contains("name=eth0 role=Uplink reason=\"carries the default route\"", StringComparison.Ordinal));
        Assert.Single(log.Lines, l => l.Contains("name=cali1 role=None reason=\"a veth without an address\"", StringComparison.Ordinal));
        Assert.Single(log.Lines, l => l.Contains("Node: devices=2 addresses=1 nodeport_addresses=1", StringComparison.Ordinal));
        Assert.Empty(state.NodeView.Problems);
    }

    [Theory]
    [InlineData(XdpMode.Driver, new[] { "eth0", "eth1" }, 2)]
    [InlineData(XdpMode.Driver, new[] { "eth0" }, 0)]
    [InlineData(XdpMode.Generic, new[] { "eth0", "eth1" }, 0)]
    [InlineData(null, new[] { "eth0", "eth1" }, 0)]
    public void Network_cards_without_a_queue_for_each_CPU_are_warned_of_where_XDP_would_send_between_them(
        XdpMode? mode, string[] devices, int warnings)
    {
        foreach (var device in devices) node.Device(device, address: "192.0.2.1", gateway: "192.0.2.254");
        node.Xdp = mode is { } given ? new XdpState(given, 7, null) : null;

        Keeper().Refresh();

        var about = state.NodeView.Warnings.Where(w => w.Contains("queues", StringComparison.Ordinal)).ToList();
        Assert.Equal(warnings, about.Count);
        if (warnings > 0)
            Assert.Equal("device eth0 sends no frames of XDP programs of other devices or ports, tc does that work: the driver of eth0 "
                + "does not say how many queues it has", about[0]);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "eth0", "NodePorts answer on no IPv4 address of this node: --nodeport-addresses (nodePortAddresses) is 10.")]
    [InlineData("", "eth9", "--devices (devices.uplinks) names eth9, which no device is")]
    [InlineData("192.0.2.0/24", "eth*", null)]
    [InlineData("127.0.0.1/32", "eth0", null)]
    [InlineData("fd00::/8", "eth0", null)]
    public void Options_that_name_what_the_node_does_not_have_are_warned_of(string addresses, string devices, string? warning)
    {
        node.Device("eth0", address: "192.0.2.1", gateway: "192.0.2.254");
        Keeper(NodeOptions.Default with
        {
            NodePortAddresses = NodePortAddresses.Parse(addresses),
            Devices = DeviceOptions.Default with { Only = [NamePattern.Parse(devices)] },
        }).Refresh();

        var about = state.NodeView.Warnings
            .Where(w => w.Contains("nodePortAddresses") || (w.Contains("devices.uplinks") && !w.Contains("default route"))).ToList();
        if (warning is null) Assert.Empty(about);
        else Assert.StartsWith(warning, Assert.Single(about), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cali*", true, null)]
    [InlineData("cali*", false, null)]
    [InlineData("", true, "hostSocketsOnly is set and no device has programs for pods")]
    [InlineData("", false, null)]
    [InlineData("lxc*", false, "--pod-device (devices.pods) names lxc*, which no device is")]
    public void Pods_that_nothing_translates_for_are_warned_of(string pods, bool hostSocketsOnly, string? warning)
    {
        node.Device("eth0", address: "192.0.2.1", gateway: "192.0.2.254").Device("cali1", "veth");
        Keeper(NodeOptions.Default with
        {
            HostSocketsOnly = hostSocketsOnly,
            Devices = DeviceOptions.Default with { Pods = pods.Length == 0 ? [] : [NamePattern.Parse(pods)] },
        }).Refresh();

        var about = state.NodeView.Warnings.Where(w => w.Contains("devices.pods", StringComparison.Ordinal)).ToList();
        if (warning is null) Assert.Empty(about);
        else Assert.StartsWith(warning, Assert.Single(about), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eth0", "device eth1 has no program and the default route of table 254: answers of pods here that leave by it")]
    [InlineData("eth*", null)]
    [InlineData("", null)]
    public void A_way_out_without_a_program_is_warned_of_where_uplinks_are_named(string uplinks, string? warning)
    {
        node.Device("eth0", address: "192.0.2.1", gateway: "192.0.2.254")
            .Device("eth1", address: "198.51.100.1", gateway: "198.51.100.254");
        Keeper(NodeOptions.Default with
        {
            Devices = DeviceOptions.Default with { Only = uplinks.Length == 0 ? [] : [NamePattern.Parse(uplinks)] },
        }).Refresh();

        var about = state.NodeView.Warnings.Where(w => w.Contains("default route", StringComparison.Ordinal)).ToList();
        if (warning is null) Assert.Empty(about);
        else Assert.StartsWith(warning, Assert.Single(about), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_devices_left_alone_only_some_are_told()
    {
        for (var i = 0; i < 25; i++) node.Device($"cali{i}", "veth");
        Keeper().Refresh();

        Assert.Equal(20,
            log.Lines.Count(l
                => l.Contains(" info ", StringComparison.OrdinalIgnoreCase) && l.Contains("name=cali", StringComparison.Ordinal)));
        Assert.Single(log.Lines, l => l.Contains("More devices left alone: count=5", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_that_refuses_keeps_the_agent_from_being_ready_until_it_gives_in()
    {
        node.Device("eth0").Refuse = _ => "no room";
        var keeper = Keeper();
        keeper.Refresh();
        Assert.Contains("device eth0 has not all programs: no room", state.Readiness().Reasons);

        node.Refuse = _ => null;
        keeper.Refresh();
        Assert.DoesNotContain(state.Readiness().Reasons, r => r.Contains("eth0", StringComparison.Ordinal));
    }

    [Fact]
    public void A_network_that_cannot_be_read_leaves_what_was_known()
    {
        var keeper = Keeper();
        node.Device("eth0", address: "192.0.2.1");
        keeper.Refresh();
        node.ReadError = new IOException("cannot be read");
        keeper.Refresh();

        Assert.Equal(["cannot be read"], state.NodeView.Problems);
        Assert.Equal(["eth0"], state.NodeView.Decisions.Select(d => d.Link.Name));
        Assert.Single(log.Lines, l => l.Contains("Node not up to date: cannot be read", StringComparison.Ordinal));
    }

    [Contract("13", "primary addresses: of the Node object, one of each family")]
    [Fact]
    public void The_node_object_says_which_addresses_are_primary()
    {
        node.Device("eth0", address: "192.0.2.1").Device("eth1", address: "198.51.100.1");
        var keeper = Keeper(NodeOptions.Default with { NodePortAddresses = NodePortAddresses.Parse("primary") });
        state.RecordArrived(ClusterSnapshot.Empty with { Node = new Node("n", [IpAddress.Parse("198.51.100.1")], [], null, false, []) });
        keeper.Refresh();

        Assert.Equal(["192.0.2.1", "198.51.100.1 (NodePorts)"], node.State!.Addresses.Select(a => a.ToString()));
    }

    [Fact]
    public void What_is_off_is_warned_of_once_and_switched_on_only_when_asked()
    {
        node.Device("eth0", address: "192.0.2.1").Sysctl("ipv4/ip_forward", "0").Sysctl("ipv4/conf/eth0/forwarding", "0");
        var keeper = Keeper();
        keeper.Refresh();
        keeper.Refresh();
        Assert.Single(log.Lines, l => l.Contains("IPv4 forwarding is off", StringComparison.Ordinal));
        Assert.Equal("0", node.Sysctls.Read("ipv4/ip_forward"));

        Keeper(setSysctls: true).Refresh();
        Assert.Equal("1", node.Sysctls.Read("ipv4/ip_forward"));
    }

    [Fact]
    public void A_device_that_comes_later_is_prepared_too_and_what_was_switched_off_is_switched_on_again()
    {
        node.Device("eth0", address: "192.0.2.1").Sysctl("ipv4/ip_forward", "0").Sysctl("ipv6/conf/eth0/accept_ra", "1");
        var keeper = Keeper(setSysctls: true);
        keeper.Refresh();
        Assert.Equal("2", node.Sysctls.Read("ipv6/conf/eth0/accept_ra"));

        node.Device("eth1", address: "198.51.100.1").Sysctl("ipv6/conf/eth1/accept_ra", "1");
        keeper.Refresh();
        Assert.Equal("2", node.Sysctls.Read("ipv6/conf/eth1/accept_ra"));

        node.Sysctl("ipv4/ip_forward", "0").Sysctl("ipv6/conf/all/forwarding", "0").Sysctl("ipv6/conf/eth0/accept_ra", "1");
        keeper.Refresh();
        Assert.Equal(
            ["1", "1", "2"],
            new[] { "ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv6/conf/eth0/accept_ra" }.Select(node.Sysctls.Read));
    }

    /// <summary>Writing forwarding of all devices sets each of them, also one that somebody keeps from forwarding.</summary>
    [Fact]
    public void What_is_on_is_not_written_and_a_device_that_is_off_is_switched_on_alone()
    {
        node.Device("eth0", address: "192.0.2.1").Sysctl("ipv4/ip_forward", "1").Sysctl("ipv6/conf/all/forwarding", "1");
        var keeper = Keeper(setSysctls: true);
        keeper.Refresh();
        node.Sysctl("ipv6/conf/all/forwarding", "2").Sysctl("ipv4/ip_forward", "2");
        keeper.Refresh();
        Assert.Equal("2", node.Sysctls.Read("ipv6/conf/all/forwarding"));

        node.Device("eth1", address: "198.51.100.1").Sysctl("ipv6/conf/eth1/forwarding", "0").Sysctl("ipv4/conf/eth1/forwarding", "0");
        keeper.Refresh();
        Assert.Equal(
            ["1", "1", "2", "2"],
            new[] { "ipv6/conf/eth1/forwarding", "ipv4/conf/eth1/forwarding", "ipv6/conf/all/forwarding", "ipv4/ip_forward" }
                .Select(node.Sysctls.Read));
    }

    [Contract("4.1", "addresses that come and go: answer, and do not")]
    [Contract("13", "syncPeriod: the longest wait after a failure; hooks and the node are looked at")]
    [Fact]
    public async Task A_change_is_followed_after_a_moment_and_without_one_the_period()
    {
        var time = new ManualTimeProvider();
        var keeper = Keeper();
        using var service = new NodeService(keeper, node, state, () => Period, time, log.Loggers.CreateLogger("node"));
        await service.StartAsync(TestContext.Current.CancellationToken);

        await time.WhenTimerIsDueIn(Period);
        node.Device("eth0", address: "192.0.2.1").Tell();
        await time.WhenTimerIsDueIn(TimeSpan.FromMilliseconds(100));
        // Not by the network, which tells it on a thread of its own: after the refresh it would ask for another one.
        service.Wake();
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Waiting.UntilAsync(() => node.Refreshes == 1);

        await time.WhenTimerIsDueIn(Period);
        time.Advance(Period);
        await time.WhenTimerIsDueIn(TimeSpan.FromMilliseconds(100));
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Waiting.UntilAsync(() => node.Refreshes == 2);
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_node_that_could_not_be_read_is_tried_again_also_with_a_period_that_means_never()
    {
        var time = new ManualTimeProvider();
        var keeper = Keeper();
        node.ReadError = new InvalidOperationException("no netlink today");
        keeper.Refresh();
        Assert.Contains("NodeReconciler.Read", Assert.Single(log.Lines, l => l.Contains("no netlink today", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        using var service = new NodeService(keeper, node, state, () => TimeSpan.FromHours(8760), time, log.Loggers.CreateLogger("node"));
        await service.StartAsync(TestContext.Current.CancellationToken);

        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(30));
        node.ReadError = null;
        time.Advance(TimeSpan.FromSeconds(30));
        await time.WhenTimerIsDueIn(TimeSpan.FromMilliseconds(100));
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Waiting.UntilAsync(() => node.Refreshes == 1);
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0.001, 30, 0.1)]
    [InlineData(2, 30, 20)]
    [InlineData(2, 1, 1)]
    [InlineData(2, 0.01, 0.1)]
    public void After_a_slow_look_there_is_a_long_rest_but_none_longer_than_the_period(double took, double period, double rest)
        => Assert.Equal(TimeSpan.FromSeconds(rest), NodeService.RestAfter(TimeSpan.FromSeconds(took), TimeSpan.FromSeconds(period)));

    [Fact]
    public void What_the_cluster_says_of_nodes_is_in_the_kernel_when_the_first_round_begins()
    {
        node.Device("eth0", address: "192.0.2.1");
        var keeper = Keeper();
        using var service = new NodeService(keeper, node, state, () => Period, new ManualTimeProvider(), log.Loggers.CreateLogger("node"));
        keeper.Refresh();
        Assert.False(node.State!.IsClusterKnown);

        state.RecordArrived(ClusterSnapshot.Empty with { Nodes = [new NodePlace("n", [IpAddress.Parse("192.0.2.2")])] });

        Assert.True(node.State.IsClusterKnown);
        Assert.Equal([IpAddress.Parse("192.0.2.2")], node.State.Nodes);
        Assert.Equal(2, node.Refreshes);
    }

    [Fact]
    public void A_cluster_without_nodes_is_known_too()
    {
        var keeper = Keeper();
        using var service = new NodeService(keeper, node, state, () => Period, new ManualTimeProvider(), log.Loggers.CreateLogger("node"));
        keeper.Refresh();

        state.RecordArrived(ClusterSnapshot.Empty);

        Assert.True(node.State!.IsClusterKnown);
    }

    [Fact]
    public async Task Hooks_that_have_come_into_force_are_a_reason_to_look_again()
    {
        var time = new ManualTimeProvider();
        using var service = new NodeService(Keeper(), node, state, () => Period, time, log.Loggers.CreateLogger("node"));
        await service.StartAsync(TestContext.Current.CancellationToken);
        await time.WhenTimerIsDueIn(Period);

        state.RecordHooks(new HookState(true, null, null, null));
        await time.WhenTimerIsDueIn(TimeSpan.FromMilliseconds(100));
        time.Advance(TimeSpan.FromMilliseconds(100));

        await Waiting.UntilAsync(() => node.Refreshes == 1);
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    private NodeReconciler Keeper(NodeOptions? options = null, bool setSysctls = false)
        => new(node, node, state, () => options ?? NodeOptions.Default, () => setSysctls, log.Loggers.CreateLogger("node"));
}
