using System.Runtime.InteropServices;

namespace EbpfLb.Bpf.Tests.Mounts;

/// <summary>Real mounts, in a mount namespace that one thread has to itself and that goes away with it.</summary>
public sealed partial class OwnMountTests : IDisposable
{
    private readonly string directory = Path.Combine(Path.GetTempPath(), $"ebpflb-test-{Guid.NewGuid():N}");

    public void Dispose()
    {
        // What was mounted there went with its namespace; the directories were made on the real file system.
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void A_bpffs_is_mounted_where_there_is_none() => InOwnMounts(() =>
    {
        BpfFileSystem.EnsureMounted(directory);

        Assert.True(BpfFileSystem.IsBelow(directory, Mount.ReadAll()));
        using var map = BpfMap.Create(new MapSpec("lb_test", MapType.Array, 4, 4, 1));
        Pin.Add(map.Fd, Path.Combine(directory, "map"));
        Assert.True(Pin.Exists(Path.Combine(directory, "map")));
    });

    [Fact]
    public void A_bpffs_that_is_there_is_not_mounted_over() => InOwnMounts(() =>
    {
        BpfFileSystem.EnsureMounted(directory);
        var before = Mount.ReadAll().Count;

        BpfFileSystem.EnsureMounted(directory);
        BpfFileSystem.EnsureMounted(Path.Combine(directory, "below"));

        Assert.Equal(before, Mount.ReadAll().Count);
    });

    [Fact]
    public void A_directory_with_something_in_it_is_never_mounted_over() => InOwnMounts(() =>
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "mine"), "");

        var error = Assert.Throws<BpfException>(() => BpfFileSystem.EnsureMounted(directory));

        Assert.Equal(Errno.ENOTEMPTY, error.Errno);
        Assert.Contains(directory, error.Message);
        Assert.True(File.Exists(Path.Combine(directory, "mine")));
    });

    [Fact]
    public void A_symbolic_link_to_a_bpffs_is_that_bpffs() => InOwnMounts(() =>
    {
        BpfFileSystem.EnsureMounted(directory);
        var link = directory + "-link";
        Directory.CreateSymbolicLink(link, directory);
        try
        {
            Assert.False(BpfFileSystem.EnsureMounted(link));
            Assert.False(BpfFileSystem.EnsureMounted(Path.Combine(link, "below")));
        }
        finally
        {
            File.Delete(link);
        }
    });

    [Fact]
    public void Only_what_this_product_mounted_is_unmounted_and_only_when_it_is_empty() => InOwnMounts(() =>
    {
        Assert.True(BpfFileSystem.EnsureMounted(directory));
        Directory.CreateDirectory(Path.Combine(directory, "something"));
        Assert.False(BpfFileSystem.UnmountOwn(directory));
        Directory.Delete(Path.Combine(directory, "something"));
        Assert.True(BpfFileSystem.UnmountOwn(directory));
        Assert.Null(BpfFileSystem.Holding(directory));

        Assert.Equal(0, mount("others", directory, "bpf", 0, null));
        Assert.False(BpfFileSystem.UnmountOwn(directory));
        Assert.NotNull(BpfFileSystem.Holding(directory));
    });

    [Fact]
    public void A_bpffs_that_process_1_does_not_see_ends_with_this_mount_namespace() => InOwnMounts(() =>
    {
        BpfFileSystem.EnsureMounted(directory);
        var lifetime = MountLifetime.OfThisProcess();

        Assert.True(lifetime.EndsWithNamespace(BpfFileSystem.Holding(directory)!));
        if (BpfFileSystem.Holding(BpfFileSystem.DefaultPath) is { } machines) Assert.False(lifetime.EndsWithNamespace(machines));
    });

    [Fact]
    public void Cgroup2_is_mounted_when_there_is_none() => InOwnMounts(() =>
    {
        while (CgroupFileSystem.Find() is { } found)
            Assert.Equal(0, umount2(found, DetachLazily));

        Assert.Equal(directory, CgroupFileSystem.FindOrMount(directory));

        Assert.Equal(directory, CgroupFileSystem.Find());
        Assert.True(File.Exists(Path.Combine(directory, "cgroup.procs")));
    });

    [Fact]
    public void Cgroup2_that_is_there_is_taken() => InOwnMounts(() =>
        Assert.Equal(CgroupFileSystem.Find(), CgroupFileSystem.FindOrMount(directory)));

    private const int NewMounts = 0x20000; // CLONE_NEWNS, which includes CLONE_FS
    private const nuint RecursivePrivate = 0x4000 | 0x40000; // MS_REC | MS_PRIVATE
    private const int DetachLazily = 2; // MNT_DETACH

    private static void InOwnMounts(Action work)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Xunit.Record.Exception(() =>
        {
            Assert.Equal(0, unshare(NewMounts));
            Assert.Equal(0, mount("none", "/", null, RecursivePrivate, null));
            work();
        }));
        thread.Start();
        thread.Join();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
