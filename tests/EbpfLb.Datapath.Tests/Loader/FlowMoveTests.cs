using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tests.Flows;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Loader;

public sealed class FlowMoveTests
{
    [Fact]
    public async Task Flows_stay_when_only_the_service_tables_are_made_anew()
    {
        using var instance = new TestInstance();
        await Serve(instance, flows => Write(flows, 100));
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Slots = 4096 } };

        await Serve(instance, flows => Assert.Equal(100, flows.Keys().Count));
    }

    [Fact]
    public async Task Flows_move_into_a_larger_table_also_those_of_the_time_between_loading_and_switching()
    {
        using var instance = new TestInstance();
        await Serve(instance, flows => Write(flows, 3000));
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Flows = 4096 } };

        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        using (var old = Flows(instance))
        {
            Assert.Equal(4096u, old.Info.MaxEntries);
            old.Update(Key(5000), new LbCt4 { State = { ServiceId = 5000, Phase = (byte)LbCtPhase.Open } });
        }
        dataplane.Hooks.Attach();

        using var moved = Flows(instance);
        Assert.Equal(8192u, moved.Info.MaxEntries);
        Assert.Equal(3001, moved.Keys().Count);
        Assert.Equal(5000u, FlowSeal.Opened(moved.Lookup(Key(5000)).State).ServiceId);
        Assert.Contains("lb_conntrack4 has another size or layout: 3001 open, 0 half-open and 0 closed flows moved along", instance.Log);
    }

    [Fact]
    public async Task A_table_that_is_too_small_says_how_many_flows_it_lost()
    {
        using var instance = new TestInstance();
        await Serve(instance, flows => Write(flows, 3000));
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Flows = 1024 } };

        await Serve(instance, flows => Assert.Equal(2048, flows.Keys().Count));

        Assert.Contains(instance.Log, line => line.Contains("952 open or half-open flows did not fit") && line.Contains("--max-flows"));
        await Serve(instance, flows => Assert.Equal(2048, flows.Keys().Count));
    }

    [Fact]
    public async Task Flows_for_which_a_table_is_too_small_are_counted_as_ended_once_each()
    {
        const uint service = 200;
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Flows = 4096 } };
        await Serve(instance, flows =>
        {
            for (var i = 0; i < 6000; i++)
                flows.Update(Key(i), new LbCt4 { State = { ServiceId = service, Phase = (byte)LbCtPhase.Open } });
        });
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Flows = 1024 } };

        await Serve(instance, flows => Assert.Equal(2048, flows.Keys().Count));

        using var ends = FlowEnds.OpenPinned(new InstancePaths(BpfFs.MountPoint, instance.Options.Instance));
        Assert.Equal(3952ul, ends[service]);
        Assert.Single(instance.Log, line => line.Contains("3952 open or half-open flows did not fit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_smaller_table_takes_all_open_flows_and_no_closed_ones()
    {
        using var instance = new TestInstance();
        var open = Enumerable.Range(0, 100).Select(TestFlow.Number).ToList();
        var closed = Enumerable.Range(100, 1900).Select(n => TestFlow.Number(n) with { Phase = LbCtPhase.Closed, Tick = 9 }).ToList();
        await Serve(instance, _ => Add(instance, [.. closed, .. open]));
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Flows = 256 } };

        await Serve(instance, flows =>
        {
            Assert.Equal(200, flows.Keys().Count);
            using var map = Map(instance);
            Assert.All(open, flow => Assert.True(flow.IsIn(map)));
        });

        Assert.Contains("lb_conntrack4 has another size or layout: 100 open, 0 half-open and 0 closed flows moved along", instance.Log);
        Assert.DoesNotContain(instance.Log, line => line.Contains("did not fit"));
    }

    [Fact]
    public async Task Half_open_and_closed_flows_that_move_along_can_still_be_evicted()
    {
        using var instance = new TestInstance();
        var halfOpen = Enumerable.Range(0, 50).Select(n => TestFlow.Number(n) with { Phase = LbCtPhase.New, Tick = (uint)n }).ToList();
        var closed = Enumerable.Range(50, 50).Select(n => TestFlow.Number(n) with { Phase = LbCtPhase.Closed, Tick = (uint)n }).ToList();
        await Serve(instance, _ => Add(instance, [.. halfOpen, .. closed]));
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Flows = 4096 } };

        await Serve(instance, _ =>
        {
            using var ring = BpfMap.OpenPinned<uint, LbCtKey6>(Pin(instance, Abi.Tables.CtPending));
            var share = (int)ring.Info.MaxEntries / 3;
            var named = Enumerable.Range(0, (int)ring.Info.MaxEntries).Select(i
                => (i, key: ring.Lookup((uint)i))).Where(e => e.key.Proto != 0).ToList();
            // The newest stands right behind the cursor, which is 0: at the end of its ring.
            Assert.Equal(Enumerable.Range(share - 50, 50), named.Where(e => e.i < share).Select(e => e.i));
            Assert.Equal(halfOpen.Select(f => FlowCodec6.Key(f.Request.Key) with { Pad = (ushort)f.Tick }),
                named.Where(e => e.i < share).Select(e => e.key));
            Assert.Equal(closed.Select(f => FlowCodec6.Key(f.Request.Key) with { Pad = (ushort)f.Tick }),
                named.Where(e => e.i >= share).Select(e => e.key));
        });
    }

    [Fact]
    public async Task Half_open_and_closed_flows_of_a_kept_table_stand_in_a_ring_that_is_new()
    {
        using var instance = new TestInstance();
        var halfOpen = Enumerable.Range(0, 20).Select(n => TestFlow.Number(n) with { Phase = LbCtPhase.New, Tick = (uint)n }).ToList();
        var closed = Enumerable.Range(20, 20).Select(n => TestFlow.Number(n) with { Phase = LbCtPhase.Closed, Tick = (uint)n }).ToList();
        await Serve(instance, _ => Add(instance, [.. halfOpen, .. closed]));
        // As one of another layout, which is not taken over.
        EbpfLb.Bpf.Pin.Remove(Pin(instance, Abi.Tables.CtPending));

        await Serve(instance, flows =>
        {
            Assert.Equal(80, flows.Keys().Count);
            using var ring = BpfMap.OpenPinned<uint, LbCtKey6>(Pin(instance, Abi.Tables.CtPending));
            var named = Enumerable.Range(0, (int)ring.Info.MaxEntries).Select(i => ring.Lookup((uint)i)).Where(key => key.Proto != 0);
            Assert.Equal(halfOpen.Concat(closed).Select(f => FlowCodec6.Key(f.Request.Key) with { Pad = (ushort)f.Tick }), named);
        });
    }

    [Fact]
    public async Task Flows_of_another_release_are_converted_member_by_member_also_those_of_the_time_between_loading_and_switching()
    {
        using var instance = new TestInstance();
        await Serve(instance, _ => { });
        using var release = BpfObject.Open(
            File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "layout.unit.bpf.o")));
        release.Load();
        using var others = release.OpenMap<OtherKey, OtherFlow>("lb_conntrack4");
        EbpfLb.Bpf.Pin.Replace(others.Untyped.Fd, Pin(instance, Abi.Tables.Conntrack4));
        foreach (var port in Enumerable.Range(1000, 300)) others.Update(OtherKey.Of(port), OtherFlow.Of(port));

        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        others.Update(OtherKey.Of(2000), OtherFlow.Of(2000));
        dataplane.Hooks.Attach();

        using var flows = Flows(instance);
        Assert.Equal(301, flows.Keys().Count);
        Assert.All([1000, 1299, 2000], port =>
        {
            var key = new LbCtKey4
            {
                Src = Be32.FromHost(0x0a000001), Dst = Be32.FromHost(0x0a000002), Sport = Be16.FromHost((ushort)port),
                Dport = Be16.FromHost(80), Proto = 6,
            };
            var flow = flows.Lookup(key);
            var state = FlowSeal.Opened(flow.State);
            Assert.Equal((0x0a000003u, 0x0a000004u, (ushort)port, (ushort)8080),
                (flow.Src.ToHost(), flow.Dst.ToHost(), flow.Sport.ToHost(), flow.Dport.ToHost()));
            Assert.Equal((7u, 70_000u, 5u, 123u, (byte)LbCtPhase.Open, (byte)LbCtFlag.Stack),
                (state.ServiceId, state.BackendId, state.Oif, state.Tick, state.Phase, state.Flags));
            Assert.Equal(0, state.Mtu);
        });
        Assert.Contains(instance.Log,
            line => line.Contains("lb_conntrack4 has another size or layout: 301 open", StringComparison.Ordinal) || line.Contains(
                "lb_conntrack4 has another size or layout: 300 open", StringComparison.Ordinal));
    }

    private static async Task Serve(TestInstance instance, Action<BpfMap<LbCtKey4, LbCt4>> use)
    {
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
        using var flows = Flows(instance);
        use(flows);
    }

    private static BpfMap<LbCtKey4, LbCt4> Flows(TestInstance instance)
        => BpfMap.OpenPinned<LbCtKey4, LbCt4>(Pin(instance, Abi.Tables.Conntrack4));

    private static KernelFlowMap<LbCtKey4, LbCt4, FlowCodec4> Map(TestInstance instance)
        => KernelFlowMap.Open4(BpfMap.OpenPinned(Pin(instance, Abi.Tables.Conntrack4)));

    private static string Pin(TestInstance instance, Table table)
        => new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(table.Name);

    private static void Add(TestInstance instance, IReadOnlyList<TestFlow> flows)
    {
        using var map = Map(instance);
        foreach (var flow in flows) flow.AddTo(map);
    }

    private static void Write(BpfMap<LbCtKey4, LbCt4> flows, int count)
    {
        for (var i = 0; i < count; i++) flows.Update(Key(i), new LbCt4 { State = { ServiceId = (uint)i, Phase = (byte)LbCtPhase.Open } });
    }

    private static LbCtKey4 Key(int number) => new() { Src = Be32.FromHost((uint)number), Proto = 17 };

    [StructLayout(LayoutKind.Sequential)]
    private struct OtherKey
    {
        public byte Proto;
        public byte Hook;
        public Be16 Sport;
        public Be16 Dport;
        public ushort Pad;
        public Be32 Src;
        public Be32 Dst;

        public static OtherKey Of(int port) => new()
        {
            Proto = 6, Sport = Be16.FromHost((ushort)port), Dport = Be16.FromHost(80), Src = Be32.FromHost(0x0a000001),
            Dst = Be32.FromHost(0x0a000002),
        };
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OtherFlow
    {
        public ulong News;
        public ushort ServiceId;
        public byte Phase;
        public byte Flags;
        public uint Oif;
        public uint Tick;
        public uint BackendId;
        public Be16 Dport;
        public Be16 Sport;
        public Be32 Dst;
        public Be32 Src;
        public uint Pad;

        public static OtherFlow Of(int port) => new()
        {
            News = ulong.MaxValue, ServiceId = 7, BackendId = 70_000, Phase = (byte)LbCtPhase.Open, Flags = (byte)LbCtFlag.Stack, Oif = 5,
            Tick = 123,
            Src = Be32.FromHost(0x0a000003), Dst = Be32.FromHost(0x0a000004), Sport = Be16.FromHost((ushort)port),
            Dport = Be16.FromHost(8080),
        };
    }
}
