using System.Net.NetworkInformation;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Devices;

/// <summary>
/// Frames that are not for the device's own link address: a device that listens to all, or a switch that floods, brings them.
/// </summary>
public class OtherHostTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const string OtherMachine = "02-DE-AD-BE-EF-01";
    private const string Broadcast = "FF-FF-FF-FF-FF-FF";
    private const string Group = "01-00-5E-00-00-05";
    private const string Nobody = "00-00-00-00-00-00";

    public static TheoryData<string, Family> Frames => new(
        from mac in (string[])[OtherMachine, Broadcast, Group, Nobody]
        from family in Enum.GetValues<Family>()
        select new TheoryDataRow<string, Family>(mac, family));

    [Theory]
    [MemberData(nameof(Frames))]
    public void They_open_no_flow(string mac, Family family)
    {
        foreach (var protocol in Protocols)
        foreach (var device in (Device[])[PacketLab.Wan, PacketLab.Pods])
        foreach (var backend in (BackendSpec[])[LocalBackend(family), RemoteBackend(family)])
        {
            Program.Reset();
            Serve(protocol, family, backend);
            var sent = For(mac, FromClient(family, Segments.Opening(protocol)));

            Untouched(sent, In(sent, device));

            Assert.Empty(Program.Tables.Flows());
            Counted((LbReason.PktOtherHost, 1));
            Assert.Empty(Program.Events());
        }
    }

    /// <summary>
    /// An answer would have come from the other machine's link address, and the switch would have sent its frames here from then on.
    /// </summary>
    [Theory]
    [MemberData(nameof(Frames))]
    public void They_are_not_answered(string mac, Family family)
    {
        foreach (var protocol in Protocols)
        {
            Program.Reset();
            Serve(protocol, family);
            var sent = For(mac, FromClient(family, Segments.Opening(protocol)));

            Untouched(sent, Answered(sent));

            Counted((LbReason.PktOtherHost, 1));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_flow_that_a_copy_belongs_to_does_not_move(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        In(FromClient(family, Segments.Opening(L4.Tcp)));
        var before = Program.Tables.Flows();
        var copy = For(OtherMachine, FromClient(family, new TcpSegment(TcpFlags.Rst, 1001)));

        Untouched(copy, In(copy));

        Assert.Equal(before, Program.Tables.Flows());
    }

    /// <summary>As most packets of a node, they are nobody's business here.</summary>
    [Fact]
    public void What_goes_where_nothing_of_ours_goes_is_counted_as_before()
    {
        In(For(OtherMachine, FromClient(Family.IPv4, Segments.Opening(L4.Tcp)).To("198.18.0.1", 80)));
        Counted((LbReason.PktPassed, 1));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Frames_for_a_bridge_or_macvlan_above_without_a_program_are_looked_at(Family family)
    {
        var device = Program.Tables.Devices.Lookup((uint)PacketLab.Pods.Index);
        Program.Tables.Devices.Update(
            (uint)PacketLab.Pods.Index, device with { Upper = U8x6.FromBytes(PhysicalAddress.Parse(OtherMachine).GetAddressBytes()) });
        Serve(L4.Tcp, family);
        Serve(L4.Udp, family, LocalBackend(family));
        var asked = For(OtherMachine, FromClient(family, new UdpDatagram()));

        Became(asked.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(asked, PacketLab.Pods));
        var refused = Answered(For(OtherMachine, FromClient(family, Segments.Opening(L4.Tcp))), PacketLab.Pods);
        var other = For("02-DE-AD-BE-EF-02", FromClient(family, new UdpDatagram(), ClientPort + 1));

        Assert.Equal(Verdict.Redirect, refused.Verdict);
        Assert.Equal(OtherMachine, BitConverter.ToString(refused.Packet, 6, 6));
        Untouched(other, In(other, PacketLab.Pods));
    }

    private static PacketBuilder For(string mac, PacketBuilder packet)
        => packet.Ethernet(LinkHeader.Default with { Destination = PhysicalAddress.Parse(mac) });
}
