using EbpfLb.Bpf.Btf;

namespace EbpfLb.Bpf.Tests.Features;

public sealed class KernelFeaturesTests
{
    [Fact]
    public void Every_probe_says_what_is_lost_and_a_missing_feature_says_why()
    {
        var features = KernelFeatures.Probe();

        Assert.Equal(features.Count, features.DistinctBy(feature => feature.Name).Count());
        Assert.All(features, feature => Assert.NotEmpty(feature.Lost));
        Assert.All(features, feature => Assert.Equal(feature.IsAvailable, feature.Reason.Length == 0));
    }

    [Theory]
    [InlineData("bpf")]
    [InlineData("connect4")]
    [InlineData("connect6")]
    [InlineData("sendmsg4")]
    [InlineData("sendmsg6")]
    [InlineData("recvmsg4")]
    [InlineData("recvmsg6")]
    [InlineData("getpeername4")]
    [InlineData("getpeername6")]
    [InlineData("sock_release")]
    [InlineData("cgroup_link")]
    [InlineData("bpf_get_netns_cookie")]
    [InlineData("sk_storage")]
    [InlineData("mmap_array")]
    [InlineData("ring_buffer")]
    [InlineData("lru_hash")]
    [InlineData("batch")]
    public void A_kernel_that_can_run_these_tests_has_it(string name)
    {
        var feature = KernelFeatures.Probe().Single(feature => feature.Name == name);

        Assert.True(feature.IsAvailable, feature.Reason);
    }

    [Fact]
    public void Without_the_lookup_in_nf_conntrack_the_ports_of_masqueraded_connections_are_the_remedy()
    {
        var feature = KernelFeatures.Probe().Single(feature => feature.Name == "bpf_skb_ct_lookup");

        Assert.Contains("replies to masqueraded connections from new ones to a NodePort", feature.Lost);
        Assert.Contains("have the CNI masquerade with ports that are neither", feature.Lost);
    }

    [Fact]
    public void The_compiler_is_on_where_its_switch_is_on()
    {
        var enabled = File.ReadAllText("/proc/sys/net/core/bpf_jit_enable").Trim() != "0";

        Assert.Equal(enabled, KernelFeatures.Probe().Single(feature => feature.Name == "jit").IsAvailable);
    }

    [Fact]
    public void Nothing_is_asked_of_nf_conntrack_where_programs_are_interpreted()
    {
        var reason = KernelFeatures.ConntrackLookup("net.core.bpf_jit_enable is 0", () => null);

        Assert.Equal("functions of the kernel need the JIT (net.core.bpf_jit_enable is 0)", reason);
        Assert.Null(KernelFeatures.ConntrackLookup(null, () => null));
        Assert.Equal("no function", KernelFeatures.ConntrackLookup(null, () => "no function"));
    }

    [Fact]
    public void A_kernel_function_is_found_where_the_kernels_types_have_it()
    {
        var functions = BtfTypes.Parse(File.ReadAllBytes("/sys/kernel/btf/vmlinux")).All.OfType<BtfFunction>();

        Assert.Equal(functions.Any(function => function.Name == "bpf_sock_destroy"), KernelBtf.ReasonWithout("bpf_sock_destroy") is null);
        Assert.Null(KernelBtf.ReasonWithout("bpf_prog_load"));
    }

    [Fact]
    public void A_refused_program_is_quoted()
    {
        var reason = ProgramProbe.TryLoad(
            ProgramType.CgroupSockAddr, AttachType.CgroupInet4Connect, [Instruction.Call(9999), .. Instruction.Return(1)]);

        Assert.StartsWith("loading a CgroupSockAddr program: EINVAL (", reason);
        Assert.Contains("9999", reason);
    }

    [Fact]
    public void A_map_that_cannot_be_gives_the_reason() =>
        Assert.Equal("creating a Array map: EINVAL", MapProbe.TryCreate(new MapSpec("lb_probe", MapType.Array, 3, 4, 1)));

    [Fact]
    public void A_function_that_the_kernel_lacks_is_named()
    {
        var reason = KernelBtf.ReasonWithout("bpf_make_coffee", typeof(KernelFeaturesTests).Assembly.Location);

        Assert.Equal("the kernel has no function bpf_make_coffee", reason);
        Assert.Contains("CONFIG_DEBUG_INFO_BTF", KernelBtf.ReasonWithout("bpf_make_coffee", "/nonexistent"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData((64 << 10) - 20)]
    [InlineData((64 << 10) - 19)]
    [InlineData((64 << 10) - 1)]
    [InlineData(64 << 10)]
    [InlineData((128 << 10) - 25)]
    [InlineData((1 << 20) - 17)]
    public void A_function_is_found_wherever_its_name_lies_in_the_kernels_types(int offset)
    {
        // Not as a literal of bytes: another test looks for it in this assembly, and finds none.
        var name = System.Text.Encoding.ASCII.GetBytes("\0bpf_make_coffee\0");
        var types = new byte[1 << 20];
        name.CopyTo(types.AsSpan(offset));
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, types);

            Assert.Null(KernelBtf.ReasonWithout("bpf_make_coffee", file));
            Assert.NotNull(KernelBtf.ReasonWithout("bpf_make_tea", file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Looking_for_a_function_does_not_take_the_memory_of_all_types()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.NotNull(KernelBtf.ReasonWithout("bpf_make_coffee"));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);
    }

    [Fact]
    public void Probing_leaves_nothing_attached()
    {
        KernelFeatures.Probe();

        Assert.DoesNotContain("lb_probe", BpfLink.Ids().Select(ProgramOf));
    }

    /// <summary>Name of a link's program; tests beside this one come and go with theirs.</summary>
    private static string? ProgramOf(uint linkId)
    {
        try
        {
            using var link = BpfLink.OpenId(linkId);
            using var program = BpfProgram.OpenId(link.Info.ProgramId);
            return program.Info.Name;
        }
        catch (BpfException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }
    }
}
