using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Tests.Loading;

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
        dataplane.Apply(TestInstance.Table());
        using (var old = Flows(instance))
        {
            Assert.Equal(4096u, old.Info.MaxEntries);
            old.Update(Key(5000), new LbCt4 { State = { ServiceId = 5000 } });
        }
        dataplane.Attach();

        using var moved = Flows(instance);
        Assert.Equal(8192u, moved.Info.MaxEntries);
        Assert.Equal(3001, moved.Keys().Count);
        Assert.Equal(5000u, moved.Lookup(Key(5000)).State.ServiceId);
        Assert.Contains("lb_conntrack4 has another size: 3001 entries of flows moved along", instance.Log);
    }

    [Fact]
    public async Task A_table_that_is_too_small_says_how_many_entries_it_lost()
    {
        using var instance = new TestInstance();
        await Serve(instance, flows => Write(flows, 3000));
        instance.Options = instance.Options with { Sizes = instance.Options.Sizes! with { Flows = 1024 } };

        await Serve(instance, flows => Assert.Equal(2048, flows.Keys().Count));

        Assert.Contains(instance.Log, line => line.Contains("952 entries did not fit") && line.Contains("--max-flows"));
        await Serve(instance, flows => Assert.Equal(2048, flows.Keys().Count));
    }

    private static async Task Serve(TestInstance instance, Action<BpfMap<LbCtKey4, LbCt4>> use)
    {
        await using var dataplane = instance.Open();
        dataplane.Apply(TestInstance.Table());
        dataplane.Attach();
        using var flows = Flows(instance);
        use(flows);
    }

    private static BpfMap<LbCtKey4, LbCt4> Flows(TestInstance instance) => BpfMap.OpenPinned<LbCtKey4, LbCt4>(
        new InstancePaths(BpfFileSystem.Find()!, instance.Options.Instance).Map(Abi.Tables.Conntrack4.Name));

    private static void Write(BpfMap<LbCtKey4, LbCt4> flows, int count)
    {
        for (var i = 0; i < count; i++) flows.Update(Key(i), new LbCt4 { State = { ServiceId = (uint)i } });
    }

    private static LbCtKey4 Key(int number) => new() { Src = Be32.FromHost((uint)number), Proto = 17 };
}
