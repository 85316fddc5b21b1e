using EbpfLb.Abi;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Datapath.Tests.Node;

public sealed class NodeTablesTests
{
    private readonly MemoryTable<uint, LbDevice> devices = new("lb_devices", 8);
    private readonly MemoryTable<LbIp4, LbNodeAddr> addresses4 = new("lb_node_addrs4", 3);
    private readonly MemoryTable<LbIp6, LbNodeAddr> addresses6 = new("lb_node_addrs6", 3);
    private readonly MemoryTable<LbIp6, uint> nodes = new("lb_nodes", 3);
    private readonly MemoryTable<LbVlan, uint> vlans = new("lb_vlans", 3);
    private readonly MemoryTable<uint, LbSettings> settings = new("lb_settings", 1);
    private readonly List<string> operations = [];
    private readonly NodeTables tables;

    public NodeTablesTests()
    {
        settings.Update(0, default);
        tables = Open(used: null);
    }

    private LbSettings Settings => settings.Entries[0];

    private NodeTables Open(PortRange? used)
    {
        var seen = new Seen(operations);
        return new NodeTables(
            new(new FaultyTable<uint, LbDevice>(devices, seen), devices.Entries) { Capacity = 8 },
            new(new FaultyTable<LbIp4, LbNodeAddr>(addresses4, seen), addresses4.Entries) { Capacity = 3 },
            new(new FaultyTable<LbIp6, LbNodeAddr>(addresses6, seen), addresses6.Entries) { Capacity = 3 },
            new(new FaultyTable<LbIp6, uint>(nodes, seen), nodes.Entries),
            new(new FaultyTable<LbVlan, uint>(vlans, seen), vlans.Entries),
            new FaultyTable<uint, LbSettings>(settings, seen), Settings, pendingFlows: 77, used);
    }

    private static NodeState State { get; } = new(
        [
            new NodeDevice(2, "eth0", Address("192.0.2.1"), Address("2001:db8::1")),
            new NodeDevice(3, "veth0", null, null, Pod: true, Detect: true),
        ],
        [new NodeAddress(Address("192.0.2.1"), NodePort: true), new NodeAddress(Address("2001:db8::1"), NodePort: false)],
        new NodeSettings
        {
            HostNetnsCookie = 9,
            Pods4 = [SourceRange.Parse("10.244.0.0/20")],
            Pods6 = [SourceRange.Parse("fd00:10:244::/58")],
            AlwaysSnat = true,
            NodePorts = new PortRange(30_000, 32_767),
            SnatPorts = new PortRange(61_000, 65_535),
        });

    private static IpAddress Address(string text) => IpAddress.Parse(text);

    [Fact]
    public void What_an_earlier_agent_wrote_is_only_added_to_until_the_cluster_is_known()
    {
        tables.Apply(State with { Nodes = [Address("192.0.2.2")] });
        var (before, addresses, far) = (Settings, addresses4.Entries.ToList(), nodes.Entries.ToList());
        var next = Open(used: null);

        // A node that is not known has no ranges of pods, and other addresses answer NodePorts.
        var early = State with
        {
            IsClusterKnown = false, Nodes = [],
            Devices = [.. State.Devices.Select(d => d with { Snat4 = null }), new NodeDevice(4, "eth1", null, null)],
            Addresses = [new NodeAddress(Address("192.0.2.1"), NodePort: false), new NodeAddress(Address("192.0.2.9"), NodePort: true)],
            Settings = State.Settings with { Pods4 = [], Pods6 = [], Tunnel4 = Address("192.0.2.9") },
        };
        Assert.Equal(new NodeResult(2, 0, []), next.Apply(early));

        Assert.Equal(before, Settings);
        Assert.Equal(far, nodes.Entries);
        Assert.All(addresses, a => Assert.Equal(a.Value, addresses4.Entries[a.Key]));
        Assert.Equal(NodeCodec.Encode(State.Devices[0]), devices.Entries[2]);
        Assert.Contains(4u, devices.Entries.Keys);

        Assert.Empty(next.Apply(early with { IsClusterKnown = true }).Problems);
        Assert.Empty(nodes.Entries);
        Assert.NotEqual(before, Settings);
    }

    [Fact]
    public void New_tables_are_filled_before_the_cluster_is_known()
    {
        tables.Apply(State with { IsClusterKnown = false });

        Assert.Equal(State.Devices.Count, devices.Entries.Count);
        Assert.NotEqual(default, Settings);
    }

    [Fact]
    public void A_broadcast_is_in_the_table_unless_the_node_has_it_as_an_address()
    {
        tables.Apply(State with { Broadcasts = [Address("192.0.2.1"), Address("192.0.2.255")] });

        Assert.Equal(
            [LbNodeAddrFlag.NodePort, LbNodeAddrFlag.Broadcast],
            ((string[])["192.0.2.1", "192.0.2.255"]).Select(a => (LbNodeAddrFlag)addresses4.Entries[NodeCodec.ToIp4(Address(a))].Flags));
    }

    [Fact]
    public void A_VLAN_with_a_program_is_found_by_its_tag_and_goes_with_its_device()
    {
        var vlan = new NodeDevice(4, "eth0.7", null, null) { Lower = 2, Vlan = 7 };
        tables.Apply(State with { Devices = [.. State.Devices, vlan, vlan with { Ifindex = 5, Name = "eth0.8", Vlan = 8, Bare = true }] });

        Assert.Equal((2u, (ushort)7, 4u), vlans.Entries.Select(e => (e.Key.Lower, e.Key.Vlan.ToHost(), e.Value)).Single());
        Assert.Equal((2u, (ushort)8), (devices.Entries[5].Lower, devices.Entries[5].Vlan.ToHost()));

        tables.Apply(State);
        Assert.Empty(vlans.Entries);
    }

    [Fact]
    public void A_state_is_in_the_tables_as_programs_read_it()
    {
        var result = tables.Apply(State);

        Assert.Equal((5, 0, true), (result.Written, result.Removed, result.IsComplete));
        Assert.Equal(0xc000_0201, devices.Entries[2].Snat4.ToHost());
        Assert.Equal(0u, devices.Entries[2].Flags);
        Assert.Equal((uint)(LbDeviceFlag.Pod | LbDeviceFlag.Detect), devices.Entries[3].Flags);
        Assert.Equal(1u, Assert.Single(addresses4.Entries).Value.Flags);
        Assert.Equal(0u, Assert.Single(addresses6.Entries).Value.Flags);
        Assert.Equal((uint)(LbSetting.SetPods4 | LbSetting.SetPods6 | LbSetting.SetAlwaysSnat), Settings.Flags);
        for (var i = 0; i < NodeSettings.MostPodRanges; i++)
        {
            Assert.Equal((0x0af4_0000u, 0xffff_f000u), (Settings.Pods4[i].ToHost(), Settings.Pods4Mask[i].ToHost()));
            Assert.Equal("ffffffffffffffc0" + new string('0', 16), Convert.ToHexStringLower(AbiBytes.Of(Settings.Pods6Mask[i])));
        }
        Assert.Equal((9ul, 77u), (Settings.HostNetns, Settings.CtPending));
        Assert.Equal((30_000, 32_767, 61_000, 65_535),
            (Settings.NodePortFirst, Settings.NodePortLast, Settings.SnatPortFirst, Settings.SnatPortLast));
    }

    [Fact]
    public void The_same_state_again_writes_nothing_also_by_the_next_agent()
    {
        tables.Apply(State);
        operations.Clear();

        Assert.Equal((0, 0), (tables.Apply(State).Written, Open(used: null).Apply(State).Written));
        Assert.Empty(operations);
    }

    [Fact]
    public void What_is_new_comes_first_then_the_settings_then_what_is_old_goes()
    {
        tables.Apply(State);
        operations.Clear();

        tables.Apply(State with
        {
            Devices = [State.Devices[0], new NodeDevice(4, "eth1", Address("192.0.2.9"), null)],
            Addresses = [new NodeAddress(Address("192.0.2.9"), NodePort: true)],
            Settings = State.Settings with { DetectByDevice = true },
        });

        Assert.Equal(
            [
                "lb_devices Update", "lb_node_addrs4 Update", "lb_settings Update",
                "lb_devices Delete", "lb_node_addrs4 Delete", "lb_node_addrs6 Delete",
            ],
            operations);
    }

    [Fact]
    public void Of_more_addresses_than_fit_those_that_are_masqueraded_with_come_first()
    {
        string[] all = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "192.0.2.1"];
        // As the table was filled by an agent that did not look at this, or before there was a source.
        tables.Apply(State with { Addresses = [.. all.Take(3).Select(a => new NodeAddress(Address(a), NodePort: false))] });

        var result = tables.Apply(State with { Addresses = [.. all.Select(a => new NodeAddress(Address(a), NodePort: false))] });

        Assert.Contains("lb_node_addrs4", Assert.Single(result.Problems));
        Assert.Equal(3, addresses4.Entries.Count);
        Assert.Contains(NodeCodec.ToIp4(Address("192.0.2.1")), addresses4.Entries.Keys);
    }

    [Fact]
    public void A_full_table_takes_what_fits_after_the_removals()
    {
        NodeState With(int from) => State with
        {
            Addresses = Enumerable.Range(from, 3).Select(i => new NodeAddress(Address($"192.0.2.{i}"), true)).ToValueList(),
        };
        tables.Apply(With(10));

        var result = tables.Apply(With(20));

        Assert.True(result.IsComplete);
        Assert.Equal(3, addresses4.Entries.Keys.Count(k => (k.Addr.ToHost() & 0xff) >= 20));
    }

    [Fact]
    public void A_table_that_is_too_small_is_named_with_its_option()
    {
        var result = tables.Apply(State with
        {
            Addresses = Enumerable.Range(1, 4).Select(i => new NodeAddress(Address($"192.0.2.{i}"), true)).ToValueList(),
        });

        var problem = Assert.Single(result.Problems);
        Assert.Contains("lb_node_addrs4", problem);
        Assert.Contains("--max-node-addresses", problem);
    }

    /// <summary>An uplink that comes when pods have taken all places is served all the same: flows leave by it.</summary>
    [Fact]
    public void Where_there_are_more_devices_than_places_those_with_a_program_have_one()
    {
        var pods = Enumerable.Range(10, 8).Select(i => new NodeDevice((uint)i, $"cali{i}", null, null, Bare: true)).ToList();
        tables.Apply(State with { Devices = [.. pods] });

        var result = tables.Apply(State with { Devices = [.. pods, new NodeDevice(99, "bond0", Address("192.0.2.7"), null)] });

        Assert.True(devices.Entries.ContainsKey(99));
        Assert.Equal(
            "1 of 9 devices have no place in lb_devices, those without a program first: start the agent with a larger --max-devices",
            Assert.Single(result.Problems));
    }

    [Fact]
    public void Bad_values_are_all_named_and_nothing_is_written()
    {
        var result = tables.Apply(new NodeState(
            [new NodeDevice(0, "eth0", Address("fd00::1"), Address("::")), new NodeDevice(7, "a", null, null),
                new NodeDevice(7, "b", null, null)],
            [new NodeAddress(Address("127.0.0.1"), true), new NodeAddress(Address("0.0.0.0"), true)],
            new NodeSettings
            {
                Pods4 = [SourceRange.Parse("fd00::/8")],
                Pods6 = [SourceRange.Parse("10.0.0.0/8")],
                NodePorts = new PortRange(30_000, 32_767),
                SnatPorts = new PortRange(32_767, 40_000),
            }));

        Assert.Collection(
            result.Problems,
            p => Assert.Contains("eth0 has Ifindex 0", p),
            p => Assert.Contains("Snat4 of eth0 is fd00::1", p),
            p => Assert.Contains("Snat6 of eth0 is ::", p),
            p => Assert.Contains("ifindex 7 is there 2 times (a, b)", p),
            p => Assert.Contains("127.0.0.1 is a loopback address", p),
            p => Assert.Contains("0.0.0.0 is no address", p),
            p => Assert.Contains("Pods4 is fd00::/8", p),
            p => Assert.Contains("Pods6 is 10.0.0.0/8", p),
            p => Assert.Contains("SnatPorts 32767-40000 and NodePorts 30000-32767 overlap", p));
        Assert.Empty(operations);
    }

    [Fact]
    public void NodePorts_of_services_widen_the_range_and_configuration_never_narrows_it_below_them()
    {
        tables.Apply(State);
        Assert.Null(tables.Cover(new PortRange(8_080, 8_081)));
        Assert.Equal((8_080, 32_767), (Settings.NodePortFirst, Settings.NodePortLast));

        tables.Apply(State with { Settings = State.Settings with { NodePorts = new PortRange(40_000, 40_010) } });
        Assert.Equal((8_080, 40_010), (Settings.NodePortFirst, Settings.NodePortLast));

        Open(used: new PortRange(31_000, 31_000)).Apply(State);
        Assert.Equal((30_000, 32_767), (Settings.NodePortFirst, Settings.NodePortLast));
    }

    [Fact]
    public void Without_a_state_only_the_range_of_NodePorts_and_the_size_of_the_ring_are_set()
    {
        tables.Cover(new PortRange(30_001, 30_001));

        Assert.Equal(new LbSettings { NodePortFirst = 30_001, NodePortLast = 30_001, CtPending = 77 }, Settings);
    }

    [Fact]
    public void A_look_each_second_reads_the_nodes_of_the_cluster_now_and_then_and_each_time_while_they_are_wrong()
    {
        const int Count = 10_000;
        var many = new MemoryTable<LbIp6, uint>("lb_nodes", Count);
        var large = new NodeTables(
            new(devices, []), new(addresses4, []), new(addresses6, []), new(many, []), new(vlans, []), settings, Settings, 77, used: null);
        var cluster = State with { Nodes = Enumerable.Range(0, Count).Select(i => Address($"10.0.{i / 256}.{i % 256}")).ToValueList() };
        Assert.Empty(large.Apply(cluster).Problems);
        Assert.Empty(large.Look());
        var begin = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < NodeTables.NodesEach; i++) Assert.Empty(large.Look());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - begin, 1, 100_000 * (NodeTables.NodesEach - 1));

        Assert.Empty(large.Look());
        many.Delete(NodeCodec.ToIp6(Address("10.0.0.7")));
        for (var i = 1; i < NodeTables.NodesEach; i++) Assert.Empty(large.Look());
        for (var i = 0; i < 3; i++) Assert.Contains("10.0.0.7", Assert.Single(large.Look()).Object, StringComparison.Ordinal);
        // The repair asks for everything.
        Assert.Single(large.Verify(repair: true));

        Assert.Empty(large.Look());
        settings.Update(0, default);
        Assert.Contains("lb_settings", Assert.Single(large.Look()).Object, StringComparison.Ordinal);
    }

    private sealed class Seen(List<string> operations) : IFaults
    {
        public TableError Next(string table, TableOperation operation)
        {
            operations.Add($"{table} {operation}");
            return TableError.None;
        }
    }
}
