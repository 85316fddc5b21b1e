using EbpfLb.Bpf;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Datapath.Tests.Ownership;

/// <summary>An agent that is started with another BPF file system than the one before it.</summary>
public sealed class OtherPlacesTests : IDisposable
{
    private readonly DirectoryInfo otherBpfFs = Directory.CreateTempSubdirectory("ebpflb-bpffs-");
    private readonly TestInstance instance = new();

    public void Dispose()
    {
        Instances.Remove(instance.Options with { BpfFs = otherBpfFs.FullName });
        BpfFileSystem.UnmountOwn(otherBpfFs.FullName);
        instance.Options = instance.Options with { BpfFs = null };
        instance.Dispose();
        otherBpfFs.Delete();
    }

    [Fact]
    public async Task What_the_one_before_left_in_force_is_named_with_what_to_do_until_it_is_removed()
    {
        var before = await RunAsync();
        Assert.Equal([before], ProgramsAtSockets());
        instance.Options = instance.Options with { BpfFs = otherBpfFs.FullName };
        instance.Log.Clear();

        var after = await RunAsync();

        var left = Assert.Single(OtherPlaces.InForce(instance.Options, instance.Cgroup.Path));
        Assert.Equal((BpfFs.MountPoint, instance.Options.Instance), (left.BpfFs, left.Instance));
        Assert.Contains(
            instance.Log,
            line => line.Contains($"ebpflb cleanup --instance {left.Instance} --bpffs {left.BpfFs}", StringComparison.Ordinal));
        Assert.Equal([before, after], ProgramsAtSockets());

        Instances.Remove(instance.Options with { BpfFs = left.BpfFs });

        Assert.Empty(OtherPlaces.InForce(instance.Options, instance.Cgroup.Path));
        Assert.Equal([after], ProgramsAtSockets());
        instance.Log.Clear();
        await RunAsync();
        Assert.DoesNotContain(instance.Log, line => line.Contains("ebpflb cleanup", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_instance_of_another_name_in_the_same_file_system_is_found_by_its_name_and_not_here()
    {
        await RunAsync();
        using var other = new TestInstance();

        Assert.Empty(OtherPlaces.InForce(other.Options, instance.Cgroup.Path));
    }

    /// <returns>The program at connect() of IPv4.</returns>
    private async Task<uint> RunAsync()
    {
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
        return dataplane.Hooks.Attached.Single(h => h.Hook == "connect4").ProgramId;
    }

    private uint[] ProgramsAtSockets() => CgroupFileSystem.ProgramIds(instance.Cgroup.Path, AttachType.CgroupInet4Connect);
}
