using EbpfLb.Bpf;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Ownership;

/// <summary>One instance, one owner, by real locks and marks.</summary>
public sealed class InstanceOwnershipTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2025, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly TestInstance instance = new();
    private readonly string ownMount = Directory.CreateTempSubdirectory("elbown").FullName;

    public void Dispose()
    {
        instance.Dispose();
        BpfFileSystem.UnmountOwn(ownMount);
        Directory.Delete(ownMount);
    }

    [Fact]
    public void A_second_owner_is_refused_and_told_who_the_first_is()
    {
        using var first = Take(instance.Options, out _);
        Assert.NotNull(first);

        Assert.Null(Take(instance.Options, out var owner));

        Assert.Equal($"pid {Environment.ProcessId}, since 2025-01-02T03:04:05Z, run directory /run/first", owner?.ToString());
        Assert.Equal(owner, InstanceOwnership.Find(instance.Options));
        Assert.True(InstanceOwnership.IsLocked(instance.Options));
    }

    [Fact]
    public void Whoever_lets_it_go_leaves_it_to_the_next()
    {
        Take(instance.Options, out _)!.Dispose();

        // A program that a test beside this one starts has the lock, too, until it runs.
        Eventually.True(() => InstanceOwnership.Find(instance.Options) is null, () => "the owner to be gone");
        Assert.False(InstanceOwnership.IsLocked(instance.Options));
        using var next = Take(instance.Options, out _);
        Assert.NotNull(next);
    }

    [Fact]
    public void Whoever_pins_nothing_leaves_no_directory()
    {
        var mine = Take(instance.Options, out _)!;
        Assert.True(Directory.Exists(Root));

        mine.Dispose();

        Assert.False(Directory.Exists(Root));
        Assert.False(InstanceOwnership.IsLocked(instance.Options));
    }

    [Fact]
    public void What_is_pinned_stays()
    {
        var mine = Take(instance.Options, out _)!;
        var inside = Directory.CreateDirectory(Path.Combine(Root, "links")).FullName;

        mine.Dispose();

        Assert.True(Directory.Exists(inside));
    }

    [Fact]
    public void The_directory_of_whoever_was_quicker_stays_though_it_is_empty()
    {
        var mine = Take(instance.Options, out _)!;
        Directory.Delete(Root);
        Directory.CreateDirectory(Root);

        mine.Dispose();

        Assert.True(Directory.Exists(Root));
    }

    [Fact]
    public async Task Starts_that_come_and_go_side_by_side_never_meet_a_directory_that_was_just_removed()
    {
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                using var mine = Take(instance.Options, out _);
                if (mine is null) InstanceOwnership.IsLocked(instance.Options);
                else Interlocked.Increment(ref taken);
            }
        })));

        Assert.True(taken > 0);
    }

    [Fact]
    public void Another_BPF_file_system_hides_no_owner_of_the_same_hooks()
    {
        using var first = Take(instance.Options, out _);

        Assert.Null(Take(instance.Options with { BpfFs = ownMount }, out var owner));

        Assert.Equal("/run/first", owner?.RunDirectory);
        // Not even the file system was mounted.
        Assert.Null(BpfFileSystem.Holding(ownMount));
    }

    [Fact]
    public void Another_instance_is_another_matter()
    {
        using var first = Take(instance.Options, out _);
        var other = instance.Options with { Instance = instance.Options.Instance + "b" };

        using (var second = Take(other, out _)) Assert.NotNull(second);

        Instances.Remove(other);
    }

    [Fact]
    public void A_directory_that_was_removed_is_made_and_locked_again()
    {
        using var mine = Take(instance.Options, out _)!;
        Assert.Null(mine.Check());
        Directory.Delete(Root);

        Assert.Null(mine.Check());

        Assert.True(Directory.Exists(Root));
        Assert.True(InstanceOwnership.IsLocked(instance.Options));
    }

    [Fact]
    public void Whoever_was_quicker_owns_it_and_the_loser_knows_for_good()
    {
        using var mine = Take(instance.Options, out _)!;
        Directory.Delete(Root);
        Directory.CreateDirectory(Root);
        using (DirectoryLock.TryTake(Root))
            Assert.Contains($"another agent has taken instance '{instance.Options.Instance}' over", mine.Check());

        Assert.NotNull(mine.Check());
    }

    [Fact]
    public async Task Without_its_ownership_a_dataplane_writes_nothing()
    {
        using var mine = Take(instance.Options, out _)!;
        await using var dataplane = Dataplane.Open(instance.Options with { Ownership = mine }, new LineLogs(instance.Log));
        var table = TestInstance.Table();
        dataplane.Services.Apply(table);
        dataplane.Hooks.Attach();
        Assert.Null(dataplane.Hooks.Lost);
        Instances.Remove(instance.Options);
        Directory.CreateDirectory(Root);
        using var thief = DirectoryLock.TryTake(Root);

        Assert.Throws<BpfException>(dataplane.Hooks.Repair);

        Assert.Contains("another agent has taken instance", dataplane.Hooks.Lost);
        Assert.Throws<BpfException>(() => dataplane.Services.Apply(table));
        Assert.Throws<BpfException>(() => dataplane.Hooks.Attach());
        Assert.False(dataplane.Clients.Apply(new Dictionary<ulong, ClientAddresses?>()).IsComplete);
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    private string Root => new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Root;

    private static InstanceOwnership? Take(DatapathOptions options, out InstanceOwner? owner)
        => InstanceOwnership.TryTake(options, InstanceOwner.OfThisProcess(options, "/run/first", Now), out owner);
}
