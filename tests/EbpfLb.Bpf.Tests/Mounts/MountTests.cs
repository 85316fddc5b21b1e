using EbpfLb.Testing.Processes;

namespace EbpfLb.Bpf.Tests.Mounts;

public sealed class MountTests
{
    private const string Hybrid = """
        22 27 0:21 / /proc rw,relatime - proc proc rw
        31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - tmpfs tmpfs rw,mode=755
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:16 master:2 - cgroup cgroup rw,memory
        41 31 0:38 /kubepods /run/part\040of\040it rw,relatime - cgroup2 cgroup2 rw
        42 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        43 23 0:39 / /sys/fs/bpf rw,relatime - bpf bpf rw
        44 23 0:40 / /run/other-bpf rw,relatime - bpf none rw
        not a line of the table
        """;

    [Fact]
    public void The_whole_cgroup2_tree_is_found_on_a_hybrid_host() =>
        Assert.Equal("/sys/fs/cgroup/unified", CgroupFileSystem.Find(Mount.Parse(Hybrid)));

    [Fact]
    public void A_part_of_the_tree_will_do_when_there_is_no_other()
    {
        var mounts = Mount.Parse(Hybrid).Where(mount => mount.Point != "/sys/fs/cgroup/unified").ToList();

        Assert.Equal("/run/part of it", CgroupFileSystem.Find(mounts));
    }

    [Fact]
    public void In_a_container_with_a_cgroup_namespace_the_hosts_tree_is_found_and_not_its_own_cgroup() =>
        Assert.Equal("/host/sys/fs/cgroup", CgroupFileSystem.Find(Mount.Parse("""
            41 31 0:38 / /sys/fs/cgroup ro,relatime - cgroup2 cgroup rw
            42 31 0:38 /.. /run/part ro,relatime - cgroup2 cgroup rw
            43 31 0:38 /../../.. /host/sys/fs/cgroup ro,relatime - cgroup2 cgroup rw
            """)));

    [Fact]
    public void Nothing_is_found_where_nothing_is_mounted()
    {
        Assert.Null(CgroupFileSystem.Find([]));
        Assert.Null(BpfFileSystem.Find([]));
    }

    [Fact]
    public void Source_device_and_propagation_are_read()
    {
        var mounts = Mount.Parse(Hybrid);

        Assert.Equal(("none", "0:40", false), (mounts[6].Source, mounts[6].Device, mounts[6].IsPropagated));
        Assert.True(mounts.Single(m => m.Point == "/sys/fs/cgroup/memory").IsPropagated);
    }

    /// <param name="source">Of the mount.</param>
    [Theory]
    [InlineData("0:39", true, false, "bpf", false)] // the machine's own
    [InlineData("0:77", true, false, "bpf", true)] // process 1 does not have it
    [InlineData("0:39", false, true, "bpf", false)] // given to a container
    [InlineData("0:39", false, true, "ebpflb", true)] // made in a container by an agent
    [InlineData("0:39", false, false, "ebpflb", false)] // made by an agent on a machine that is a container itself
    public void A_mount_ends_with_its_namespace_when_nobody_else_has_it(string device, bool machine, bool first, string source, bool ends)
    {
        var lifetime = new MountLifetime(Mount.Parse(Hybrid), machine, first);

        Assert.Equal(ends, lifetime.EndsWithNamespace(new Mount("/", "/sys/fs/bpf", "bpf") { Device = device, Source = source }));
    }

    [Fact]
    public void The_usual_bpffs_comes_before_others()
    {
        var mounts = Mount.Parse(Hybrid);

        Assert.Equal("/sys/fs/bpf", BpfFileSystem.Find(mounts));
        Assert.Equal("/run/other-bpf", BpfFileSystem.Find([.. mounts.Where(mount => mount.Point != "/sys/fs/bpf")]));
    }

    [Fact]
    public void A_path_belongs_to_the_longest_mount_above_it()
    {
        var mounts = Mount.Parse(Hybrid);

        Assert.True(BpfFileSystem.IsBelow("/sys/fs/bpf/ebpflb/default", mounts));
        Assert.True(BpfFileSystem.IsBelow("/sys/fs/bpf", mounts));
        Assert.False(BpfFileSystem.IsBelow("/sys/fs/bpfx", mounts));
        Assert.False(BpfFileSystem.IsBelow("/run/somewhere", mounts));
    }

    [Fact]
    public void The_id_of_a_cgroup_is_the_inode_of_its_directory()
    {
        var root = CgroupFileSystem.Find()!;

        // 1 at the root of the hierarchy, another number where a cgroup namespace begins.
        var (_, inode) = ChildProcess.Run(new ProcessPlace(null, null), "stat", "-c", "%i", root);
        Assert.Equal(ulong.Parse(inode), CgroupFileSystem.IdOf(root));
    }

    [Fact]
    public void A_cgroup_that_does_not_exist_is_named()
    {
        var path = Path.Combine(CgroupFileSystem.Find()!, "ebpflb-none");

        var error = Assert.Throws<BpfException>(() => CgroupFileSystem.Open(path));

        Assert.Equal((Errno.ENOENT, path), (error.Errno, error.ObjectName));
    }
}
