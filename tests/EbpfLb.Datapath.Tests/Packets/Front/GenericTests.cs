using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Front;

/// <summary>XDP that the stack runs: there every device sends frames, whatever its driver says.</summary>
public sealed class GenericTests(GenericTests.Node node) : PacketTest(node.Program), IClassFixture<GenericTests.Node>
{
    private readonly FrontOfStack front = node.Program.Front!;

    /// <summary>WireGuard and IPIP would take the frame for the packet.</summary>
    [Theory]
    [InlineData(Family.IPv4, true)]
    [InlineData(Family.IPv4, false)]
    [InlineData(Family.IPv6, true)]
    [InlineData(Family.IPv6, false)]
    public void What_leaves_by_a_device_without_a_link_header_is_for_tc(Family family, bool hasHeader)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        var lan = Program.Tables.Devices.Lookup((uint)PacketLab.Lan.Index) with { Flags = 0 };
        Program.Tables.Devices.Update((uint)PacketLab.Lan.Index, hasHeader ? lan : lan with { Mac = default });
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));

        Assert.Equal(hasHeader, IsTaken(FromClient(family, Segments.Data(L4.Tcp)).Build()));
    }

    private bool IsTaken(byte[] packet)
    {
        var before = front.Taken;
        for (var i = 0; i < 5 && front.Taken == before; i++)
            Program.Netns.Run(() => front.Run(packet, PacketLab.Wan.Index, () => Program.Ingress(packet)));
        return front.Taken > before;
    }

    /// <summary>A program that was loaded for the generic mode.</summary>
    public sealed class Node : IDisposable
    {
        internal PacketProgram Program { get; } = new(bpf => bpf.Knobs.Set("cfg_xdp_generic", (byte)1));

        public void Dispose() => Program.Dispose();
    }
}
