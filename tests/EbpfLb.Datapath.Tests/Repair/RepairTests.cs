using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Repair;
using EbpfLb.Model;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Repair;

/// <summary>Somebody removes links and pins of a running instance.</summary>
[Collection(typeof(OwnCgroup))]
public sealed class RepairTests : IAsyncLifetime
{
    private readonly TestInstance instance = new();
    private readonly string ownMount = Directory.CreateTempSubdirectory("elbmend").FullName;
    private Dataplane dataplane = null!;

    private IReadOnlyDictionary<RepairKind, long> Repairs => dataplane.Diagnostics.ReadRepairs();

    public ValueTask InitializeAsync()
    {
        Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await dataplane.DisposeAsync();
        instance.Dispose();
        if (Mount.ReadAll().Any(m => m.Point == ownMount)) Unmount();
        Directory.Delete(ownMount);
    }

    [Fact]
    public void Where_all_is_well_nothing_is_touched()
    {
        var ids = dataplane.Hooks.Attached.Select(h => (h.LinkId, h.ProgramId)).ToList();

        dataplane.Hooks.Repair();

        Assert.All(dataplane.Diagnostics.ReadRepairs().Values, count => Assert.Equal(0, count));
        Assert.Equal(ids, dataplane.Hooks.Attached.Select(h => (h.LinkId, h.ProgramId)));
    }

    [Fact]
    public void A_link_that_was_detached_comes_back()
    {
        using (var link = BpfLink.OpenPinned(Paths.Link("connect4"))) link.Detach();
        instance.Join();
        Assert.False(CheckCanary(IpFamily.IPv4).Ok && CheckCanary(IpFamily.IPv6).Ok && LinkIsAlive("connect4"));

        dataplane.Hooks.Repair();

        Assert.Equal((1, 0), (Repairs[RepairKind.Link], Repairs[RepairKind.LinkPin]));
        Assert.True(LinkIsAlive("connect4"));
        Assert.True(CheckCanary(IpFamily.IPv4).Ok);
        Assert.Contains(instance.Log, l => l.Contains("kind=Link connect4"));
    }

    [Fact]
    public void Pins_that_were_deleted_come_back_to_the_same_objects()
    {
        var maps = Ids("maps");
        var links = Ids("links");
        Pin.Remove(Paths.Map("lb_backends"));
        Pin.Remove(Paths.Map("lb_meta"));
        Pin.Remove(Paths.Link("sendmsg6"));

        dataplane.Hooks.Repair();

        Assert.Equal(
            (2, 1, 0), (Repairs[RepairKind.MapPin], Repairs[RepairKind.LinkPin], Repairs[RepairKind.Link]));
        Assert.Equal(maps, Ids("maps"));
        Assert.Equal(links, Ids("links"));
        Assert.Contains(instance.Log, l => l.Contains("kind=MapPin lb_backends, lb_meta"));
    }

    [Fact]
    public async Task A_whole_directory_that_was_deleted_comes_back_and_the_next_agent_finds_all_of_it()
    {
        var links = Ids("links");
        Directory.Delete(Paths.Root, recursive: true);

        dataplane.Hooks.Repair();

        Assert.Equal(SocketHook.All.Count, Repairs[RepairKind.LinkPin]);
        Assert.Equal(Abi.Tables.All.Count, Repairs[RepairKind.MapPin]);
        Assert.Equal(links, Ids("links"));
        await dataplane.DisposeAsync();
        dataplane = instance.Open();
        Assert.True(dataplane.ReusedMaps);
        Assert.True(dataplane.Services.Apply(TestInstance.Table()).Plan.IsEmpty);
    }

    [Fact]
    public void A_pin_that_leads_to_a_foreign_map_is_ours_again()
    {
        using (var foreign = BpfMap.OpenPinned(Paths.Map("lb_slots"))) Pin.Replace(foreign.Fd, Paths.Map("lb_backends"));

        dataplane.Hooks.Repair();

        Assert.Equal(1, Repairs[RepairKind.MapPin]);
        using var map = BpfMap.OpenPinned(Paths.Map("lb_backends"));
        Assert.Equal("lb_backends", map.Name);
    }

    [Fact]
    public async Task A_BPF_file_system_that_was_unmounted_is_mounted_again_and_filled()
    {
        await dataplane.DisposeAsync();
        Instances.Remove(instance.Options);
        instance.Options = instance.Options with { BpfFs = ownMount };
        Open();
        var maps = Ids("maps");
        Unmount();
        Assert.False(Directory.Exists(Paths.Root));

        dataplane.Hooks.Repair();

        Assert.Equal(1, Repairs[RepairKind.Bpffs]);
        Assert.Equal(maps, Ids("maps"));
        Assert.True(LinkIsAlive("connect4"));
    }

    [Fact]
    public async Task An_agent_whose_instance_was_taken_over_says_so_and_leaves_it_alone()
    {
        await using var other = instance.Open();
        other.Services.Apply(TestInstance.Table());
        other.Hooks.Attach();

        var error = Assert.Throws<BpfException>(dataplane.Hooks.Repair);

        Assert.Contains($"another agent has taken instance '{instance.Options.Instance}' over", error.Message);
        Assert.Contains("--instance", error.Message);
        Assert.Throws<BpfException>(() => dataplane.Hooks.Attach());
        other.Hooks.Repair();
        Assert.All(other.Diagnostics.ReadRepairs().Values, count => Assert.Equal(0, count));
    }

    private InstancePaths Paths => new(instance.Options.BpfFs ?? BpfFs.MountPoint, instance.Options.Instance);

    private void Open()
    {
        dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
    }

    private bool LinkIsAlive(string name)
    {
        using var link = BpfLink.OpenPinned(Paths.Link(name));
        return link.Info.CgroupId != 0;
    }

    private Dictionary<string, uint> Ids(string directory) => Directory.GetFiles(Path.Combine(Paths.Root, directory)).ToDictionary(
        pin => Path.GetFileName(pin),
        pin =>
        {
            if (directory == "links")
            {
                using var link = BpfLink.OpenPinned(pin);
                return link.Info.Id;
            }
            using var map = BpfMap.OpenPinned(pin);
            return map.Info.Id;
        });

    private void Unmount()
    {
        var (code, output) = ChildProcess.Run(new ProcessPlace(null, null), RepositoryPaths.Tool("umount"), ownMount);
        Assert.True(code == 0, output);
    }

    private CanaryResult CheckCanary(IpFamily family) => CanaryProbe.Check(family, instance.Options.CgroupRoot!);
}
