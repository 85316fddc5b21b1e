using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Sources that the kernel refuses open no flow: a packet that we send on by ourselves never comes to where it would look.
/// </summary>
public class MartianTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("224.0.0.5")]
    [InlineData("239.255.255.255")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("ff02::1")]
    [InlineData("ff0e::5")]
    public void A_source_that_nobody_can_have_opens_nothing(string source)
    {
        var family = source.Contains(':') ? Family.IPv6 : Family.IPv4;
        foreach (var device in (Device[])[PacketLab.Wan, PacketLab.Pods]) Refused(family, IPAddress.Parse(source), device);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_address_of_the_node_opens_nothing_from_outside(Family family)
    {
        var at = Ends.Of(family);
        // The last one is in the range of pods.
        foreach (var own in (IPAddress[])[at.Node, at.LanAddress, at.PodGateway]) Refused(family, own, PacketLab.Wan);
    }

    [Fact]
    public void The_broadcast_of_a_subnet_opens_nothing_from_outside_and_is_no_address_of_the_node()
    {
        var broadcast = IPAddress.Parse("192.0.2.255");
        Refused(Family.IPv4, broadcast, PacketLab.Wan, () => Program.Tables.PutNodeAddress(broadcast, LbNodeAddrFlag.Broadcast));

        Serve(L4.Tcp, Family.IPv4, RemoteBackend(Family.IPv4));
        var asked = FromClient(Family.IPv4, Segments.Opening(L4.Tcp)).To(broadcast, NodePort);
        Untouched(asked, In(asked));
    }

    /// <summary>Each of them is next to one that is refused.</summary>
    [Theory]
    [InlineData("1.0.0.1")]
    [InlineData("126.255.255.254")]
    [InlineData("128.0.0.1")]
    [InlineData("223.255.255.254")]
    [InlineData("240.0.0.1")]
    [InlineData("169.254.1.1")]
    [InlineData("::2")]
    [InlineData("1::1")]
    [InlineData("fe00::1")]
    public void Its_neighbours_are_clients_like_others(string source)
    {
        var family = source.Contains(':') ? Family.IPv6 : Family.IPv4;
        foreach (var protocol in Protocols)
        {
            Program.Reset();
            Serve(protocol, family, RemoteBackend(family));

            Assert.Equal(Verdict.Redirect,
                In(FromClient(family, Segments.Opening(protocol)).WithSource(IPAddress.Parse(source), ClientPort)).Verdict);
        }
    }

    /// <summary>To the node itself it is the kernel's to judge.</summary>
    [Fact]
    public void What_asks_for_no_frontend_goes_on_to_the_stack()
    {
        Serve(L4.Tcp, Family.IPv4, RemoteBackend(Family.IPv4));
        var sent = PacketBuilder.From("127.0.0.1", ClientPort).To(Ends.Of(Family.IPv4).Node, 22).Tcp(TcpFlags.Syn);

        Untouched(sent, In(sent));
        Counted((LbReason.PktPassed, 1));
    }

    /// <summary>Such a packet would be looked up, and written, as one of IPv4's.</summary>
    [Theory]
    [InlineData("::ffff:198.51.100.9", "::ffff:192.0.2.1")]
    [InlineData("2001:db8:99::9", "::ffff:192.0.2.1")]
    [InlineData("::ffff:198.51.100.9", "2001:db8:1::1")]
    public void An_IPv4_address_in_an_IPv6_header_is_no_address(string from, string to)
    {
        foreach (var family in Enum.GetValues<Family>()) Serve(L4.Tcp, family, LocalBackend(family));
        In(FromClient(Family.IPv4, Segments.Opening(L4.Tcp)));
        var before = Program.Tables.Flows();
        var sent = Mapped(
            PacketBuilder.From("2001:db8:99::9", ClientPort).To("2001:db8:1::1", NodePort).Tcp(TcpFlags.Syn).Build(), from, to);

        var result = Program.Ingress(sent);

        Assert.Equal(Verdict.Pass, result.Verdict);
        Assert.Equal(sent, result.Packet);
        Assert.Equal(1ul, Program.Count(LbReason.PktMalformed));
        Assert.Equal(before, Program.Tables.Flows());
    }

    /// <summary>The one spoofed frame that ended a stranger's flow: client to backend, as IPv6.</summary>
    [Fact]
    public void An_IPv4_address_in_an_IPv6_header_ends_no_flow_of_IPv4()
    {
        var at = Ends.Of(Family.IPv4);
        Serve(L4.Tcp, Family.IPv4, LocalBackend(Family.IPv4));
        In(FromClient(Family.IPv4, Segments.Opening(L4.Tcp)));
        var spoofed = PacketBuilder.From("2001:db8:99::9", ClientPort).To("2001:db8:1::1", BackendPort).Tcp(TcpFlags.Syn).Build();

        Program.Ingress(Mapped(spoofed, $"::ffff:{at.Client}", $"::ffff:{at.LocalPod}"));

        OnlyFlow();
    }

    private void Refused(Family family, IPAddress source, Device device, Action? prepare = null)
    {
        foreach (var protocol in Protocols)
        foreach (var backend in (BackendSpec[])[LocalBackend(family), RemoteBackend(family)])
        {
            Program.Reset();
            Serve(protocol, family, backend);
            prepare?.Invoke();

            Assert.Equal(Verdict.Drop, In(FromClient(family, Segments.Opening(protocol)).WithSource(source, ClientPort), device).Verdict);

            Assert.Empty(Program.Tables.Flows());
            Counted((LbReason.DropMartian, 1));
            Assert.Equal(LbReason.DropMartian, (LbReason)Assert.Single(Program.Events()).Reason);
        }
    }

    /// <summary>The builder makes IPv4 of such addresses; checksums do not matter to what is not read.</summary>
    private static byte[] Mapped(byte[] packet, string from, string to)
    {
        IPAddress.Parse(from).GetAddressBytes().CopyTo(packet, 14 + 8);
        IPAddress.Parse(to).GetAddressBytes().CopyTo(packet, 14 + 24);
        return packet;
    }
}
