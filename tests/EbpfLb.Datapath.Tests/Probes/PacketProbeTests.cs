using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Probes;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Explain;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Datapath.Tests.Probes;

/// <summary>The real program over the tables of an instance, held against what is explained without a kernel, flow by flow.</summary>
public sealed class PacketProbeTests
{
    private const int Runs = 6;

    private static readonly string[][] Endpoints =
    [
        ["10.244.1.7 node=node-1", "10.244.2.7 node=node-2"], ["10.244.2.7 node=node-2"], [], ["10.244.1.7 unready node=node-1"],
        ["10.244.1.7 terminating node=node-1", "10.244.2.7 node=node-2"],
    ];

    private static readonly SourceRange Pods = SourceRange.Parse("10.244.0.0/16");

    public static TheoryData<bool, bool> Settings { get; } = new() { { true, false }, { true, true }, { false, true }, { false, false } };

    public static TheoryData<Scheduler, Forwarding> Choices
    {
        get
        {
            var data = new TheoryData<Scheduler, Forwarding>();
            foreach (var scheduler in Enum.GetValues<Scheduler>()) data.Add(scheduler, Forwarding.Snat);
            data.Add(Scheduler.Random, Forwarding.Dsr);
            data.Add(Scheduler.Maglev, Forwarding.Hybrid);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public Task The_program_does_with_every_kind_of_packet_what_is_explained(bool hasDetector, bool masqueradeAll)
        => Compare(hasDetector, masqueradeAll, new PolicyOptions { NodeName = "node-1" });

    [Theory]
    [MemberData(nameof(Choices))]
    public Task So_it_does_with_every_scheduler_and_by_tunnels(Scheduler scheduler, Forwarding forwarding) => Compare(
        hasDetector: true, masqueradeAll: false,
        new PolicyOptions
        {
            NodeName = "node-1", Scheduler = scheduler, MaglevTableSize = 251, Tunnels = forwarding != Forwarding.Snat,
            Forwarding = forwarding,
        });

    private static async Task Compare(bool hasDetector, bool masqueradeAll, PolicyOptions policy)
    {
        using var netns = PacketLab.CreateNetns();
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        Assert.Empty(dataplane.Node.ApplyNode(StateOf(hasDetector, masqueradeAll)).Problems);
        ForwardingTable? table = null;
        dataplane.Services.Apply(table = Compile(Endpoints[0], TrafficPolicy.Cluster, TrafficPolicy.Cluster, table, policy));
        dataplane.Hooks.Attach();
        using var probe = PacketProbe.Open(instance.Options)!;
        List<string> wrong = [];
        var untracked = 0;
        foreach (var endpoints in Endpoints)
        {
            foreach (var (inside, outside) in new[]
            {
                (TrafficPolicy.Cluster, TrafficPolicy.Cluster), (TrafficPolicy.Local, TrafficPolicy.Local),
            })
            {
                Assert.True(dataplane.Services.Apply(table = Compile(endpoints, inside, outside, table, policy)).Result.IsComplete);
                var explainer = new Explainer(table, ContextOf(hasDetector, masqueradeAll));
                foreach (var (flow, device) in Flows())
                {
                    var explanation = explainer.Explain(flow);
                    for (var i = 0; i < Runs; i++)
                    {
                        var answer = netns.Run(() => Run(probe, flow, device));
                        untracked += HadNoEntry(answer) ? 1 : 0;
                        if (Difference(explanation, answer) is { } difference)
                            wrong.Add($"{flow} by {device.Name}, endpoints [{string.Join(", ", endpoints)}], "
                                + $"{inside}/{outside}: {explanation.Verdict} ({explanation.Reason}), but {difference}");
                    }
                }
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Distinct()));
        Assert.Equal(policy is { Tunnels: true, Scheduler: Scheduler.Maglev }, untracked > 0);
    }

    [Fact]
    public async Task Nothing_of_the_instance_changes()
    {
        using var netns = PacketLab.CreateNetns();
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Node.ApplyNode(StateOf(hasDetector: true, masqueradeAll: false));
        dataplane.Services.Apply(Compile(Endpoints[0], TrafficPolicy.Cluster, TrafficPolicy.Cluster, null));
        dataplane.Hooks.Attach();
        var reasons = dataplane.Diagnostics.ReadReasons();

        using (var probe = PacketProbe.Open(instance.Options)!)
        {
            var answer = netns.Run(() => Run(probe, Flow("198.51.100.9", "192.0.2.1", 30080), PacketLab.Wan));
            Assert.Equal(ProbeOutcome.Translated, answer.Outcome);
            Assert.Contains(answer.Reasons, r => r.Reason == LbReason.PktNew);
        }

        Assert.Equal(reasons, dataplane.Diagnostics.ReadReasons());
        Assert.Empty(Entries(instance, Abi.Tables.Conntrack4));
        Assert.Empty(Entries(instance, Abi.Tables.Affinity));
    }

    [Fact]
    public async Task The_instance_knows_the_namespace_of_the_node_that_it_serves()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        var state = StateOf(hasDetector: true, masqueradeAll: false);
        dataplane.Node.ApplyNode(state with { Settings = state.Settings with { HostNetnsCookie = 4711 } });
        dataplane.Services.Apply(Compile(Endpoints[0], TrafficPolicy.Cluster, TrafficPolicy.Cluster, null));
        dataplane.Hooks.Attach();

        Assert.Equal(4711ul, HostNamespace.Cookie(instance.Options));
        Assert.Equal(0ul, HostNamespace.Cookie(new DatapathOptions { Instance = "elb-none" }));
    }

    [Fact]
    public void An_instance_that_is_not_there_has_nothing_to_run()
        => Assert.Null(PacketProbe.Open(new DatapathOptions { Instance = "elb-none" }));

    /// <summary>203.0.113.1 is an address of this node that its Node object does not have.</summary>
    private static ValueList<IpAddress> Nodes => [IpAddress.Parse("192.0.2.1"), IpAddress.Parse("10.244.2.1")];

    private static List<TKey> Entries<TKey, TValue>(TestInstance instance, Table<TKey, TValue> table)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        using var map = BpfMap.OpenPinned<TKey, TValue>(
            new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(table.Name));
        return [.. map.Entries().Select(e => e.Key)];
    }

    private static bool HadNoEntry(ProbeAnswer answer) => answer.Reasons.Any(r => r.Reason == LbReason.PktUntracked);

    private static ProbeAnswer Run(PacketProbe probe, Flow flow, Device device) => probe.Run(flow.From, flow.Destination, device.Index);

    /// <summary>null: the packet did what was explained.</summary>
    private static string? Difference(Explanation explanation, ProbeAnswer answer)
    {
        var expected = explanation.Verdict switch
        {
            FlowVerdict.Dnat
                => ProbeOutcome.Translated, FlowVerdict.Reject => ProbeOutcome.Refused, FlowVerdict.Drop => ProbeOutcome.Dropped,
                _ => ProbeOutcome.Passed,
        };
        var reasons = string.Join(", ", answer.Reasons.Select(r => r.Reason));
        if (answer.Outcome != expected) return $"it is {answer.Outcome} ({reasons})";
        if (expected != ProbeOutcome.Translated) return null;
        if (answer.Tunnel is { } node)
            return explanation.Backends.Any(b => b.Tunnel == node && (b.HasNoEntry || !HadNoEntry(answer)))
                && (answer.Source.Address, answer.Destination.Address) == (explanation.Flow.From, explanation.Flow.To)
                ? null : $"goes in a tunnel to {node} ({reasons})";
        var chosen = explanation.Backends.Where(b => b.Address == answer.Destination && b.Tunnel is null).ToList();
        if (chosen.Count == 0) return $"goes to {answer.Destination}";
        var changed = answer.Source != new BackendAddress(explanation.Flow.From, PacketProbe.SourcePort);
        return changed == chosen[0].Masquerade ? null : $"comes from {answer.Source} at {answer.Destination} ({reasons})";
    }

    /// <summary>
    /// From outside, a pod of another node, a hairpin of each backend, a pod of this node behind its device, and the node itself; to every
    /// frontend and to what is none.
    /// </summary>
    private static IEnumerable<(Flow Flow, Device Device)> Flows()
    {
        (string From, Device By)[] sources =
        [
            ("198.51.100.9", PacketLab.Wan), ("10.244.2.9", PacketLab.Lan), ("10.244.2.7", PacketLab.Lan), ("10.244.1.9", PacketLab.Pods),
            ("10.244.1.7", PacketLab.Pods), ("10.1.0.1", PacketLab.Pods),
        ];
        (string To, ushort Port)[] targets =
        [
            ("10.96.0.10", 80), ("192.0.2.1", 30080), ("203.0.113.1", 30080), ("198.51.100.100", 80), ("203.0.113.80", 80),
            ("203.0.113.81", 80),
            ("192.0.2.1", 30081), ("203.0.113.80", 81), ("192.0.2.2", 30080),
        ];
        return from source in sources from target in targets select (Flow(source.From, target.To, target.Port), source.By);
    }

    private static Flow Flow(string from, string to, ushort port)
        => new(IpAddress.Parse(from), IpAddress.Parse(to), port, TransportProtocol.Tcp, FlowPath.Packet);

    private static ForwardingTable Compile(
        string[] endpoints, TrafficPolicy inside, TrafficPolicy outside, ForwardingTable? previous, PolicyOptions? policy = null)
    {
        var cluster = new ClusterBuilder().Node("node-1", addresses: ["192.0.2.1"]).Other("node-2", "10.244.2.1")
            .Service("web", ["10.96.0.10"], ["http:80@30080"], type: ServiceType.LoadBalancer, externalIPs: ["198.51.100.100"],
                balancerIPs: ["203.0.113.80"], inside: inside, outside: outside)
            .Service("narrow", ["10.96.0.11"], ["http:80"], type: ServiceType.LoadBalancer, balancerIPs: ["203.0.113.81"],
                sourceRanges: ["198.51.100.0/24"], outside: outside)
            .Slice("web-1", "web", ["http:8080"], endpoints, IpFamily.IPv4)
            .Slice("narrow-1", "narrow", ["http:8080"], endpoints, IpFamily.IPv4);
        return ForwardingCompiler.Compile(cluster.Build(), policy ?? new PolicyOptions { NodeName = "node-1" }, previous);
    }

    private static NodeState StateOf(bool hasDetector, bool masqueradeAll) => new(
        PacketLab.Devices.Select(d => new NodeDevice(
            (uint)d.Index, d.Name, IpAddress.Parse(d.Address4), IpAddress.Parse(d.Address6), Pod: d.Flags.HasFlag(LbDeviceFlag.Pod),
            Detect: d.Flags.HasFlag(LbDeviceFlag.Detect))).ToValueList(),
        PacketLab.Devices.Select(d => new NodeAddress(IpAddress.Parse(d.Address4), true)).ToValueList(),
        new NodeSettings
        {
            Pods4 = hasDetector ? [Pods] : [], MasqueradeAll = masqueradeAll, NodePorts = new PortRange(30000, 32767),
            SnatPorts = new PortRange(61000, 64999), Tunnel4 = IpAddress.Parse("192.0.2.1"),
        }) { Nodes = Nodes };

    private static ExplainContext ContextOf(bool hasDetector, bool masqueradeAll) => new()
    {
        NodeName = "node-1",
        Addresses = PacketLab.Devices.Select(d => new LocalAddress(IpAddress.Parse(d.Address4), NodePorts: true)).ToValueList(),
        Pods4 = hasDetector ? [Pods] : [],
        MasqueradeAll = masqueradeAll,
        NodeAddresses = Nodes,
    };
}
