using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Front;

/// <summary>
/// XDP of a bond: the kernel runs it at the ports and tells it the port. This kernel may have no bonds, so the first uplink stands for one,
/// and the second one, of which the tables know nothing, for its port. Real bonds: tools/kernels/devices.sh.
/// </summary>
public sealed class BondTests : PacketTest, IClassFixture<BondTests.Node>
{
    private static readonly Device Bond = PacketLab.Wan, Port = PacketLab.SecondWan;

    private readonly FrontOfStack front;

    public BondTests(Node node)
        : base(node.Program)
    {
        front = node.Program.Front!;
        Program.Tables.Devices.Delete((uint)Port.Index);
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void What_comes_in_by_a_port_begins_flows_of_the_bond_and_leaves_as_by_tc(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        KnowNeighbours(protocol, family);
        var opening = FromClient(family, Segments.Opening(protocol), ClientPort + 1);

        Assert.True(IsTaken(opening));

        var request = Program.Tables.Flows().Single(e => !e.IsReply && e.Source.Port == ClientPort + 1);
        var reply = Program.Tables.Flows().Single(e => e.IsReply && e.IsSiblingOf(request));
        Assert.Equal(((uint)PacketLab.Lan.Index, (uint)Bond.Index), (request.State.Oif, reply.State.Oif));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Frames_for_others_than_the_bond_are_left_to_tc(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        KnowNeighbours(L4.Tcp, family);
        Program.Tables.Devices.Update(
            (uint)Bond.Index, Program.Tables.Devices.Lookup((uint)Bond.Index) with { Mac = U8x6.FromBytes([2, 0, 0, 0, 0, 9]) });
        Program.Tables.ForgetNeighbours();

        Assert.False(IsTaken(FromClient(family, Segments.Data(L4.Tcp))));
    }

    /// <summary>A conversation by tc, after which XDP has been asked for the neighbour.</summary>
    private void KnowNeighbours(L4 protocol, Family family)
    {
        Converse(protocol, FromClient(family, Segments.Opening(protocol)));
        Assert.True(IsTaken(FromClient(family, Segments.Data(protocol))));
    }

    /// <summary>By XDP at the port; given again, unless a tick has just begun.</summary>
    private bool IsTaken(PacketBuilder packet)
    {
        var (bytes, before) = (packet.Build(), front.Taken);
        for (var i = 0; i < 5 && front.Taken == before; i++)
            Program.Netns.Run(() => front.Run(bytes, Port.Index, () => Program.Ingress(bytes, Bond)));
        return front.Taken > before;
    }

    /// <summary>A program that was loaded for the bond.</summary>
    public sealed class Node : IDisposable
    {
        internal PacketProgram Program { get; } = new(bpf => bpf.Knobs.Set("cfg_xdp_bond", (uint)Bond.Index));

        public void Dispose() => Program.Dispose();
    }
}
