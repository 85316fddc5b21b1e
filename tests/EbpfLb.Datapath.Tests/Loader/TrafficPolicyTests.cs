using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Planning.Plans;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>Kinds, lists and source ranges in the kernel's own tables.</summary>
public sealed class TrafficPolicyTests
{
    private static void Web(ClusterBuilder cluster) => Ranges(cluster, "192.0.2.0/24", "203.0.113.7/32", "2001:db8::/33", "0.0.0.0/0");

    private static void Ranges(ClusterBuilder cluster, params string[] ranges) => cluster
        .Node("node-1")
        .Service("web", ["10.96.0.80", "fd00:10:96::80"], ["http:80@30080"], type: ServiceType.LoadBalancer,
            balancerIPs: ["198.51.100.80", "2001:db8:80::1"], sourceRanges: ranges, outside: TrafficPolicy.Local)
        .Slice("web-4", "web", ["http:8080"], ["10.244.0.11 node=node-1", "10.244.1.12 node=node-2"])
        .Slice("web-6", "web", ["http:8080"], ["fd00:10:244::11 node=node-1", "fd00:10:244:1::12 node=node-2"]);

    private static ForwardingTable Table(Action<ClusterBuilder> describe)
    {
        var cluster = new ClusterBuilder();
        describe(cluster);
        return ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { NodeName = "node-1" }, null);
    }

    [Fact]
    public async Task The_next_agent_finds_lists_marks_and_ranges_and_has_nothing_to_do()
    {
        using var instance = new TestInstance();
        await using (var first = instance.Open())
        {
            Assert.True(first.Services.Apply(Table(Web)).Result.IsComplete);
            first.Hooks.Attach();
        }

        await using var second = instance.Open();
        Plan plan = second.Services.Apply(Table(Web)).Plan;

        Assert.True(plan.IsEmpty, plan.ToString());
        Assert.Equal((3, 1), (second.Services.Mirror.SourceRanges4, second.Services.Mirror.SourceRanges6));
        var balancer = Inspection.Read(instance.Options)!.Single(f => f.Frontend.Address == IpAddress.Parse("198.51.100.80"));
        Assert.Equal((FrontendKind.LoadBalancer, true), (balancer.Kind, balancer.LocalPolicy));
        Assert.Equal(["10.244.0.11:8080", "10.244.1.12:8080"], balancer.Cluster.Select(b => b.ToString()));
        Assert.Equal(["10.244.0.11:8080"], balancer.Backends.Select(b => b.ToString()));
    }

    [Fact]
    public async Task The_kernel_finds_a_source_by_its_prefix_and_only_for_its_service()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(Table(c => Ranges(c, "192.0.2.0/25", "2001:db8::/33")));
        dataplane.Hooks.Attach();
        var id = dataplane.Services.Mirror.IdOf(
            new ServicePortKey(ClusterBuilder.Name("web"), "http", TransportProtocol.Tcp, IpFamily.IPv4))!.Value;
        using var ranges = BpfMap.OpenPinned<LbSrcRange4, uint>(Path(instance, Abi.Tables.SrcRanges4));

        bool Finds(uint service, uint address) => ranges.TryLookup(
            new LbSrcRange4 { PrefixLen = 64, ServiceId = service, Addr = Be32.FromHost(address) }, out _);
        Assert.True(Finds(id, 0xc000_027f));
        Assert.False(Finds(id, 0xc000_0280));
        Assert.False(Finds(id + 1, 0xc000_027f));

        dataplane.Services.Apply(Table(c => Ranges(c, "192.0.2.128/25")));
        Assert.False(Finds(id, 0xc000_027f));
        Assert.True(Finds(id, 0xc000_0280));
    }

    [Fact]
    public async Task A_full_table_of_ranges_names_the_option_and_leaves_the_service_out()
    {
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = TestInstance.Small with { SourceRanges = 2 } };
        await using var dataplane = instance.Open();

        var left = Assert.Single(dataplane.Services.Apply(Table(Web)).Result.LeftOut);

        Assert.Equal(("default/web", "lb_src_ranges4", "--max-source-ranges"), (left.Service.ToString(), left.Table, left.Option));
    }

    [Fact]
    public async Task NodePorts_are_in_the_settings_before_any_node_state_and_stay_with_one()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(Table(Web));
        dataplane.Hooks.Attach();
        using var settings = BpfMap.OpenPinned<uint, LbSettings>(Path(instance, Abi.Tables.Settings));
        Assert.Equal((30_080, 30_080), (settings.Lookup(0).NodePortFirst, settings.Lookup(0).NodePortLast));
        Assert.Equal(instance.Options.Sizes!.PendingFlows, settings.Lookup(0).CtPending);

        var state = new NodeState(
            [new NodeDevice(1, "lo", null, null)],
            [new NodeAddress(IpAddress.Parse("192.0.2.1"), true), new NodeAddress(IpAddress.Parse("2001:db8::1"), true)],
            new NodeSettings { HostNetnsCookie = 5, NodePorts = new PortRange(31_000, 31_010), Events = true });
        Assert.Equal((4, 0), (dataplane.Node.ApplyNode(state).Written, dataplane.Node.ApplyNode(state).Written));

        var now = settings.Lookup(0);
        Assert.Equal((5ul, (uint)(LbSetting.SetEvents | LbSetting.SetSvc4 | LbSetting.SetSvc6), 30_080, 31_010),
            (now.HostNetns, now.Flags, now.NodePortFirst, now.NodePortLast));
    }

    private static string Path(TestInstance instance, Table table) =>
        new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(table.Name);
}
