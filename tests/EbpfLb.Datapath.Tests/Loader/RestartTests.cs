using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Loader;

public sealed class RestartTests
{
    private static void Web(ClusterBuilder cluster) => cluster
        .Service("web", ["10.96.0.80", "fd00:10:96::80"], ["http:80"], affinity: 30)
        .Slice("web-4", "web", ["http:8080"], ["10.244.0.11", "10.244.0.12"])
        .Slice("web-6", "web", ["http:8080"], ["fd00:10:244::11", "fd00:10:244::12"])
        .Service("empty", ["10.96.0.82"], [":80"]);

    [Fact]
    public async Task A_second_agent_reuses_maps_and_links_and_has_nothing_to_do()
    {
        using var instance = new TestInstance();
        uint[] mapIds, linkIds, programIds;
        await using (var first = instance.Open())
        {
            Assert.False(first.ReusedMaps);
            Assert.True(first.Services.Apply(TestInstance.Table(Web)).Result.IsComplete);
            first.Hooks.Attach();
            mapIds = MapIds(instance);
            linkIds = [.. first.Hooks.Attached.Select(h => h.LinkId)];
            programIds = [.. first.Hooks.Attached.Select(h => h.ProgramId)];
        }

        await using var second = instance.Open();
        var (plan, result) = second.Services.Apply(TestInstance.Table(Web));
        second.Hooks.Attach();

        Assert.True(second.ReusedMaps);
        Assert.True(plan.IsEmpty, plan.ToString());
        Assert.True(result.IsComplete);
        Assert.Equal(mapIds, MapIds(instance));
        Assert.Equal(linkIds, second.Hooks.Attached.Select(h => h.LinkId));
        Assert.All(second.Hooks.Attached, hook => Assert.Equal("replaced", hook.Action));
        Assert.DoesNotContain(second.Hooks.Attached, hook => programIds.Contains(hook.ProgramId));
    }

    [Fact]
    public async Task A_map_that_only_another_release_knows_goes_when_the_hooks_are_in_force_and_not_before()
    {
        using var instance = new TestInstance();
        await using (var first = instance.Open())
        {
            first.Services.Apply(TestInstance.Table(Web));
            first.Hooks.Attach();
        }
        var other = new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map("lb_of_before");
        using (var map = BpfMap.OpenPinned(Path(instance, Abi.Tables.Stats))) Pin.Replace(map.Fd, other);

        await using var second = instance.Open();
        second.Services.Apply(TestInstance.Table(Web));
        Assert.True(File.Exists(other));
        second.Hooks.Attach();

        Assert.False(File.Exists(other));
        Assert.True(second.ReusedMaps);
    }

    [Fact]
    public async Task What_a_failure_left_undone_is_done_when_it_is_tried_again()
    {
        using var instance = new TestInstance();
        await Run(instance);
        var paths = new InstancePaths(BpfFs.MountPoint, instance.Options.Instance);
        var (other, inTheWay) = (paths.Map("lb_of_before"), paths.Map(Abi.Tables.NodeAddrs4.Name));
        using (var map = BpfMap.OpenPinned(Path(instance, Abi.Tables.Stats))) Pin.Replace(map.Fd, other);
        await using var second = instance.Open();
        second.Services.Apply(TestInstance.Table(Web));
        Pin.Remove(inTheWay);
        Directory.CreateDirectory(inTheWay);
        Assert.Throws<BpfException>(second.Hooks.Attach);
        Directory.Delete(inTheWay);

        second.Hooks.Attach();

        Assert.True(File.Exists(inTheWay));
        Assert.False(File.Exists(other));
    }

    [Fact]
    public async Task Deletions_missed_while_away_are_applied()
    {
        using var instance = new TestInstance();
        await using (var first = instance.Open())
        {
            first.Services.Apply(TestInstance.Table(Web));
            first.Hooks.Attach();
        }

        await using var second = instance.Open();
        second.Services.Apply(TestInstance.Table());

        // What is left is the canary's.
        Assert.Equal((1, 1), (second.Services.Mirror.Frontends4, second.Services.Mirror.Frontends6));
        using var services = BpfMap.OpenPinned<LbFrontend4, LbService>(Path(instance, Abi.Tables.Services4));
        Assert.Equal("192.0.0.8", new System.Net.IPAddress(services.Keys().Single().Addr.Raw).ToString());
    }

    [Theory]
    [InlineData(Scheduler.Random)]
    [InlineData(Scheduler.Maglev)]
    public async Task A_change_of_size_builds_new_tables_beside_the_old_and_switches_when_they_are_filled(Scheduler scheduler)
    {
        using var instance = new TestInstance();
        await using (var first = instance.Open())
        {
            Assert.True(first.Services.Apply(TestInstance.Table(Web, scheduler: scheduler)).Result.IsComplete);
            first.Hooks.Attach();
        }
        var before = MapIds(instance);
        instance.Options = instance.Options with { Sizes = TestInstance.Small with { Backends = 2048 } };

        await using var second = instance.Open();
        var untouched = MapIds(instance);
        var (plan, _) = second.Services.Apply(TestInstance.Table(Web, scheduler: scheduler));
        second.Hooks.Attach();

        Assert.Equal(before, untouched);
        // They are filled with what the old ones held, so that ids and what programs know of them go on.
        Assert.True(plan.IsEmpty, plan.ToString());
        Assert.False(second.ReusedMaps);
        var changed = Abi.Tables.All.Where((table, i) => before[i] != MapIds(instance)[i]).Select(table => table.Name);
        Assert.Equal(
            [
                "lb_backends", "lb_load", "lb_maglev", "lb_services4", "lb_services6", "lb_slots", "lb_src_ranges4", "lb_src_ranges6",
            ],
            changed.Order(StringComparer.Ordinal));
        using var backends = BpfMap.OpenPinned(Path(instance, Abi.Tables.Backends));
        Assert.Equal(2048u, backends.Info.MaxEntries);
    }

    [Fact]
    public async Task What_was_not_asked_for_does_not_shrink_when_the_machine_has_less_memory_and_what_is_asked_for_does()
    {
        const int Cpus = 2;
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = MapSizes.ForMachine(2L << 30, Cpus) };
        await Run(instance);
        LbAffKey client;
        using (var affinity = BpfMap.OpenPinned<LbAffKey, LbAff>(Path(instance, Abi.Tables.Affinity)))
        using (var backends = BpfMap.OpenPinned<uint, LbBackend>(Path(instance, Abi.Tables.Backends)))
        {
            var (id, backend) = backends.Entries().First(b => b.Value.Port.ToHost() == 8080);
            client = new LbAffKey { ServiceId = backend.ServiceId, Kind = (uint)LbClientKind.Addr };
            affinity.Update(client, new LbAff { BackendId = id, UsedNs = 7 });
        }
        var before = MapIds(instance);
        var less = MapSizes.ForMachine(1L << 30, Cpus);

        instance.Options = instance.Options with { Sizes = less, UnaskedSizes = Enum.GetValues<TableSize>().ToHashSet() };
        await Run(instance);

        Assert.Equal(before, MapIds(instance));
        using (var affinity = BpfMap.OpenPinned<LbAffKey, LbAff>(Path(instance, Abi.Tables.Affinity)))
            Assert.True(affinity.TryLookup(client, out _));

        instance.Options = instance.Options with { UnaskedSizes = Enum.GetValues<TableSize>().Except([TableSize.Backends]).ToHashSet() };
        await Run(instance);

        Assert.Equal(less.Backends, Pinned(instance, Abi.Tables.Backends).MaxEntries);
        Assert.Equal(less.Slots * 2, Pinned(instance, Abi.Tables.Slots).MaxEntries);
    }

    [Fact]
    public async Task Backends_become_fewer_where_their_traffic_is_counted_for_the_first_time_and_then_stay()
    {
        using var instance = new TestInstance();
        var all = Enum.GetValues<TableSize>().ToHashSet();
        instance.Options = instance.Options with { Sizes = TestInstance.Small with { Backends = 4096 } };
        await Run(instance);

        foreach (var (backends, expected) in ((uint, uint)[])[(2048, 2048), (1024, 2048)])
        {
            instance.Options = instance.Options with
            {
                Sizes = TestInstance.Small with { Backends = backends, CountsTraffic = true }, UnaskedSizes = all,
            };
            await Run(instance);

            Assert.Equal(expected, Pinned(instance, Abi.Tables.Backends).MaxEntries);
        }
    }

    [Fact]
    public async Task Plans_know_the_size_of_maps_that_were_kept()
    {
        using var instance = new TestInstance();
        await Run(instance);
        instance.Options = instance.Options with
        {
            Sizes = TestInstance.Small with { Frontends = 2 }, UnaskedSizes = new HashSet<TableSize> { TableSize.Frontends },
        };

        await using var second = instance.Open();

        Assert.True(second.Services.Apply(TestInstance.Table(Web)).Result.IsComplete);
    }

    [Fact]
    public async Task Maps_whose_meaning_has_changed_are_not_used()
    {
        using var instance = new TestInstance();
        await Run(instance);
        using (var meta = BpfMap.OpenPinned<uint, LbMeta>(Path(instance, Abi.Tables.Meta)))
            meta.Update(0, meta.Lookup(0) with { Version = 999 });
        var before = MapIds(instance);

        await using var second = instance.Open();
        var (plan, _) = second.Services.Apply(TestInstance.Table(Web));
        second.Hooks.Attach();

        Assert.False(second.ReusedMaps);
        Assert.False(plan.IsEmpty);
        Assert.Empty(before.Intersect(MapIds(instance)));
        Assert.Equal(AbiStamp.Ours, Stamp(instance));
    }

    [Fact]
    public async Task Maps_of_another_release_go_on_where_they_hold_the_same()
    {
        using var instance = new TestInstance();
        await Run(instance);
        using (var meta = BpfMap.OpenPinned<uint, LbMeta>(Path(instance, Abi.Tables.Meta)))
            meta.Update(0, meta.Lookup(0) with { Abi = 1 });
        var before = MapIds(instance);

        await using var second = instance.Open();
        var (plan, _) = second.Services.Apply(TestInstance.Table(Web));
        second.Hooks.Attach();

        Assert.True(second.ReusedMaps);
        Assert.True(plan.IsEmpty);
        Assert.Equal(before, MapIds(instance));
        Assert.Equal(AbiStamp.Ours, Stamp(instance));
    }

    [Theory]
    [InlineData(1ul)]
    [InlineData(null)]
    public async Task Only_the_map_that_holds_something_else_is_made_anew(ulong? otherStamp)
    {
        using var instance = new TestInstance();
        await Run(instance);
        if (otherStamp is { } abi)
        {
            using var meta = BpfMap.OpenPinned<uint, LbMeta>(Path(instance, Abi.Tables.Meta));
            meta.Update(0, meta.Lookup(0) with { Abi = abi });
        }
        using (var other = BpfObject.Open(
            File.ReadAllBytes(System.IO.Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "layout.unit.bpf.o"))))
        {
            other.Map("lb_node_addrs4").MaxEntries = Pinned(instance, Abi.Tables.NodeAddrs4).MaxEntries;
            other.Load();
            using var map = other.OpenMap("lb_node_addrs4");
            Pin.Replace(map.Fd, Path(instance, Abi.Tables.NodeAddrs4));
        }
        var before = MapIds(instance);

        await using var second = instance.Open();
        var (plan, _) = second.Services.Apply(TestInstance.Table(Web));
        second.Hooks.Attach();

        Assert.False(second.ReusedMaps);
        Assert.True(plan.IsEmpty);
        var changed = Abi.Tables.All.Where((table, i) => before[i] != MapIds(instance)[i]).Select(table => table.Name);
        Assert.Equal([Abi.Tables.NodeAddrs4.Name], changed);
        Assert.Equal(AbiStamp.Ours, Stamp(instance));
    }

    [Fact]
    public async Task Cleanup_removes_the_instance_and_nothing_else()
    {
        using var instance = new TestInstance();
        using var neighbour = new TestInstance();
        await using (var other = neighbour.Open())
        {
            other.Services.Apply(TestInstance.Table());
            other.Hooks.Attach();
        }
        await using (var dataplane = instance.Open())
        {
            dataplane.Services.Apply(TestInstance.Table(Web));
            dataplane.Hooks.Attach();
        }

        var removed = Instances.Remove(instance.Options);

        Assert.Equal(Abi.Tables.All.Count + SocketHook.All.Count, removed.Count);
        Assert.DoesNotContain(instance.Options.Instance, Instances.List(instance.Options));
        Assert.Contains(neighbour.Options.Instance, Instances.List(instance.Options));
        Assert.Empty(Instances.Remove(instance.Options));
        Assert.Equal(SocketHook.All.Count, Instances.Hooks(neighbour.Options).Count);
    }

    [Fact]
    public async Task Cleanup_removes_what_an_agent_left_that_was_killed_within_a_switchover()
    {
        using var instance = new TestInstance();
        await Run(instance);
        var paths = new InstancePaths(BpfFs.MountPoint, instance.Options.Instance);
        string[] left = [System.IO.Path.Combine(paths.Switch, "mode-packets"), System.IO.Path.Combine(paths.Switch, "was-lb_ct4")];
        using (var map = BpfMap.OpenPinned(paths.Map(Abi.Tables.Conntrack4.Name)))
            foreach (var pin in left) Pin.Replace(map.Fd, pin);

        var removed = Instances.Remove(instance.Options);

        Assert.Superset(left.ToHashSet(), removed.ToHashSet());
        Assert.False(Directory.Exists(paths.Root));
        Assert.DoesNotContain(instance.Options.Instance, Instances.List(instance.Options));
    }

    private static string Path(TestInstance instance, Table table) =>
        new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(table.Name);

    private static uint[] MapIds(TestInstance instance) => [.. Abi.Tables.All.Select(table =>
    {
        using var map = BpfMap.OpenPinned(Path(instance, table));
        return map.Info.Id;
    })];

    private static async Task Run(TestInstance instance)
    {
        await using var first = instance.Open();
        first.Services.Apply(TestInstance.Table(Web));
        first.Hooks.Attach();
    }

    private static MapInfo Pinned(TestInstance instance, Table table)
    {
        using var map = BpfMap.OpenPinned(Path(instance, table));
        return map.Info;
    }

    private static LbMeta Stamp(TestInstance instance)
    {
        using var meta = BpfMap.OpenPinned<uint, LbMeta>(Path(instance, Abi.Tables.Meta));
        return meta.Lookup(0);
    }
}
