using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Datapath.Tests.Handover;

/// <summary>
/// Maps that an agent left which was killed while it took over: what they know is brought along once, and only where it means something to
/// the maps that there are now.
/// </summary>
public sealed class LeftHandoverTests : IDisposable
{
    private const uint Service = 201;

    private readonly TestInstance instance = new();
    private readonly TestInstance donor = new();

    public void Dispose()
    {
        instance.Dispose();
        donor.Dispose();
    }

    [Fact]
    public async Task What_was_left_is_brought_along_by_the_next_agent()
    {
        await LeaveAsync();

        await Run(instance);

        Assert.Equal((1, 1), (Flows(instance), Clients(instance)));
        Assert.False(Directory.Exists(Paths(instance).Switch));
    }

    [Fact]
    public async Task What_was_left_by_agents_whose_maps_mean_something_else_is_not()
    {
        await LeaveAsync();
        using (var meta = Open<uint, LbMeta>(instance, Abi.Tables.Meta)) meta.Update(0, meta.Lookup(0) with { Version = 999 });

        await Run(instance);

        Assert.Equal((0, 0), (Flows(instance), Clients(instance)));
        Assert.False(Directory.Exists(Paths(instance).Switch));
    }

    [Fact]
    public async Task Where_ids_begin_anew_flows_are_brought_along_and_who_has_which_backend_is_not()
    {
        await LeaveAsync();
        Resize(instance, sizes => sizes with { Slots = 1024 });

        await Run(instance);

        Assert.Equal((1, 0), (Flows(instance), Clients(instance)));
    }

    [Fact]
    public async Task Flows_of_before_for_which_there_is_no_room_are_counted_once()
    {
        Resize(donor, sizes => sizes with { Flows = 4096 });
        await Run(donor);
        await Run(instance);
        using (var flows = Open<LbCtKey4, LbCt4>(donor, Abi.Tables.Conntrack4))
            for (var i = 0; i < 6000; i++) flows.Update(Key(i), OfService);
        Leave(Abi.Tables.Conntrack4);
        // So that there are programs in between too.
        Resize(instance, sizes => sizes with { Flows = 1024 });

        await Run(instance);

        using var ends = FlowEnds.OpenPinned(Paths(instance));
        Assert.Equal((2048, 3952ul), (Flows(instance), ends[Service]));
        Assert.Single(instance.Log, line => line.Contains("lb_conntrack4 is too small", StringComparison.Ordinal));
    }

    /// <summary>An agent may be killed at any moment after that too.</summary>
    [Fact]
    public async Task What_ended_since_it_was_brought_along_stays_so_when_another_agent_comes()
    {
        await LeaveAsync();
        Take();
        Assert.Equal((1, 1), (Flows(instance), Clients(instance)));
        using (var flows = Open<LbCtKey4, LbCt4>(instance, Abi.Tables.Conntrack4)) Assert.True(flows.Delete(Key(1)));

        Take();

        Assert.Equal((0, 1), (Flows(instance), Clients(instance)));

        void Take()
        {
            var logs = new LineLogs(instance.Log);
            using var next = ProgramLoader.LoadMaps(Paths(instance), instance.Options.Sizes!, instance.Options, logs);
            new LeftHandover(next.Maps, logs).Take(Paths(instance));
        }
    }

    private static LbCt4 OfService => new() { State = { ServiceId = Service, Phase = (byte)LbCtPhase.Open } };

    private static LbCtKey4 Key(int number) => new() { Src = Be32.FromHost((uint)number), Proto = 17 };

    private static InstancePaths Paths(TestInstance instance) => new(BpfFs.MountPoint, instance.Options.Instance);

    private static BpfMap<TKey, TValue> Open<TKey, TValue>(TestInstance instance, Table table)
        where TKey : unmanaged
        where TValue : unmanaged => BpfMap.OpenPinned<TKey, TValue>(Paths(instance).Map(table.Name));

    private static int Flows(TestInstance instance)
    {
        using var flows = Open<LbCtKey4, LbCt4>(instance, Abi.Tables.Conntrack4);
        return flows.Keys().Count;
    }

    private static int Clients(TestInstance instance)
    {
        using var clients = Open<LbAffKey, LbAff>(instance, Abi.Tables.Affinity);
        return clients.Keys().Count;
    }

    private static void Resize(TestInstance instance, Func<MapSizes, MapSizes> change)
        => instance.Options = instance.Options with { Sizes = change(instance.Options.Sizes!) };

    private static async Task Run(TestInstance instance)
    {
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
    }

    /// <summary>A flow, and a client with its backend.</summary>
    private async Task LeaveAsync()
    {
        await Run(donor);
        await Run(instance);
        using (var flows = Open<LbCtKey4, LbCt4>(donor, Abi.Tables.Conntrack4)) flows.Update(Key(1), OfService);
        using (var clients = Open<LbAffKey, LbAff>(donor, Abi.Tables.Affinity)) clients.Update(default, default);
        Leave(Abi.Tables.Conntrack4);
        Leave(Abi.Tables.Affinity);
    }

    private void Leave(Table table)
    {
        using var map = BpfMap.OpenPinned(Paths(donor).Map(table.Name));
        Pin.Replace(map.Fd, Path.Combine(Paths(instance).Switch, $"left-1-{table.Name}"));
    }
}
