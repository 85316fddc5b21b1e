using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>
/// What kernels allow a program: the oldest that programs must load on decide. `make kernels` tries them (docs/kernels.md).
/// </summary>
public sealed class VerifierTests
{
    /// <summary>Bytes of stack of a chain of calls: of the kernel's 512 two frames' worth is left for what is added.</summary>
    private const int StackLimit = 448;

    /// <summary>Of the 1,000,000 instructions that a verifier looks at: others take two and three times as many as this one.</summary>
    private const uint InstructionLimit = 300_000;

    public static TheoryData<string> Programs
        => [.. Frames().Names.Where(name => Open().Programs.ContainsKey(name)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Programs))]
    public void The_deepest_chain_of_calls_leaves_stack_to_kernels_that_round_frames_to_32_bytes(string program)
    {
        var (bytes, chain) = Frames().Deepest(program);

        Assert.True(bytes <= StackLimit, $"{bytes} bytes of {StackLimit}: {chain}");
    }

    [Theory]
    [InlineData(1, 1, 1, LbTunnel.None, 0)]
    [InlineData(0, 0, 0, LbTunnel.None, 0)]
    [InlineData(1, 1, 1, LbTunnel.Ipip, 1)]
    [InlineData(0, 0, 0, LbTunnel.Geneve, 0)]
    public void Every_program_leaves_the_verifier_head_room(byte setRetval, byte mptcp, byte conntrack, LbTunnel tunnel, byte traffic)
    {
        using var bpf = Open();
        bpf.Knobs.Set("cfg_set_retval", setRetval);
        bpf.Knobs.Set("cfg_mptcp", mptcp);
        bpf.Knobs.Set("cfg_conntrack", conntrack);
        bpf.Knobs.Set("cfg_tunnel", (byte)tunnel);
        bpf.Knobs.Set("cfg_traffic", traffic);
        bpf.Knobs.Set("cfg_tunnel_mss", (ushort)(tunnel == LbTunnel.None ? 0 : 1400));
        AllWithin(bpf);
    }

    /// <summary>In front of the stack: by the driver at a bond, and by the stack where frames for other machines arrive.</summary>
    [Theory]
    [InlineData(true, false, false, LbTunnel.Geneve)]
    [InlineData(false, true, true, LbTunnel.Geneve)]
    [InlineData(true, false, true, LbTunnel.Ipip)]
    public void Every_program_leaves_the_verifier_head_room_at_other_devices(bool bond, bool generic, bool checkFrame, LbTunnel tunnel)
    {
        using var bpf = Open();
        bpf.Knobs.Set("cfg_xdp_bond", bond ? 7u : 0);
        bpf.Knobs.Set("cfg_xdp_generic", (byte)(generic ? 1 : 0));
        bpf.Knobs.Set("cfg_check_frame", (byte)(checkFrame ? 1 : 0));
        bpf.Knobs.Set("cfg_tunnel", (byte)tunnel);
        bpf.Knobs.Set("cfg_tunnel_mss", (ushort)1400);
        bpf.Knobs.Set("cfg_traffic", (byte)1);
        bpf.Knobs.Set("cfg_conntrack", (byte)1);
        AllWithin(bpf);
    }

    private static void AllWithin(BpfObject bpf)
    {
        bpf.Load();

        Assert.All(bpf.Programs.Keys, name =>
        {
            using var program = bpf.OpenProgram(name);
            Assert.InRange(program.Info.VerifiedInstructions, 1u, InstructionLimit);
        });
    }

    [Fact]
    public void The_object_for_kernels_without_nf_conntrack_loads_and_names_no_function_of_it()
    {
        var bytes = Bytes("plain.bpf.o");
        Assert.True(Bytes().AsSpan().IndexOf("\0bpf_skb_ct_lookup\0"u8) >= 0);
        Assert.True(bytes.AsSpan().IndexOf("\0bpf_skb_ct_lookup\0"u8) < 0);

        using var plain = BpfObject.Open(bytes);
        plain.Load();

        using var whole = Open();
        Assert.Equal(whole.Programs.Keys.Order(), plain.Programs.Keys.Order());
    }

    private static byte[] Bytes(string name = "ebpflb.bpf.o")
        => File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", name));

    private static StackFrames Frames() => new(Bytes());

    private static BpfObject Open() => BpfObject.Open(Bytes());
}
