using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// ICMP errors about packets of translated flows, in each direction and over each way: who gets one sees a packet that it sent, and no
/// address that it did not talk to.
/// </summary>
public class IcmpErrorTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private static readonly IPAddress Somebody4 = IPAddress.Parse("10.1.0.2");
    private static readonly IPAddress Somebody6 = IPAddress.Parse("fd00:1::2");

    public static TheoryData<L4, Family, int> Cuts => new(
        from protocol in Protocols
        from family in Enum.GetValues<Family>()
        from cut in new[] { 8, 20, 40, int.MaxValue }
        select new TheoryDataRow<L4, Family, int>(protocol, family, cut));

    /// <summary>A router, or the backend, about a request that left with an address of this node.</summary>
    [Theory]
    [MemberData(nameof(Cuts))]
    public void About_a_request_to_another_node(L4 protocol, Family family, int innerBytes)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var request = FromClient(family, Segments.Data(protocol));
        var port = SnatPort(In(request));
        var header = family == Family.IPv4 ? 20 : 40;
        var cut = innerBytes == int.MaxValue ? innerBytes : innerBytes + header;

        foreach (var reporter in new[] { Somebody(family), at.RemotePod })
        {
            var error = Unreachable(reporter, at.LanAddress, Snatted(request, port), cut);
            var expected = Unreachable(at.Node, at.Client, request.Forwarded(), cut) with { HopLimit = 63 };
            Became(WithInnerSctp(expected, error, protocol), Verdict.Redirect, In(error, PacketLab.Lan));
        }
        Assert.Equal(2ul, Program.Count(LbReason.PktIcmp));
    }

    /// <summary>The client, or a router before it, about a reply of another node's backend.</summary>
    [Contract("8", "ICMP: pings are left alone; errors about translated flows are translated back")]
    [Theory]
    [MemberData(nameof(Cuts))]
    public void About_a_reply_of_another_node(L4 protocol, Family family, int innerBytes)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var request = FromClient(family, Segments.Data(protocol));
        var port = SnatPort(In(request));
        var header = family == Family.IPv4 ? 20 : 40;
        var cut = innerBytes == int.MaxValue ? innerBytes : innerBytes + header;
        var reply = PacketBuilder.From(at.RemotePod, BackendPort).To(at.LanAddress, port).Over(Segments.Answer(protocol)).Payload(60);
        var seen = reply.WithSource(at.Node, NodePort).To(at.Client, ClientPort);

        foreach (var reporter in new[] { at.Router, at.Client })
        {
            var error = Unreachable(reporter, at.Node, seen, cut);
            var expected = Unreachable(at.LanAddress, at.RemotePod, reply, cut) with { HopLimit = 63 };
            Became(WithInnerSctp(expected, error, protocol), Verdict.Redirect, In(error));
        }
    }

    /// <summary>The client's side, about a reply of a backend of this node: on through the stack.</summary>
    [Theory]
    [MemberData(nameof(Cuts))]
    public void About_a_reply_of_this_node(L4 protocol, Family family, int innerBytes)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var header = family == Family.IPv4 ? 20 : 40;
        var cut = innerBytes == int.MaxValue ? innerBytes : innerBytes + header;
        var reply = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Payload(60);

        foreach (var reporter in new[] { at.Router, at.Client })
        {
            var error = Unreachable(reporter, at.Node, reply.WithSource(at.Node, NodePort), cut);
            var expected = Unreachable(reporter, at.LocalPod, reply, cut);
            Became(WithInnerSctp(expected, error, protocol), Verdict.Pass, In(error));
        }
    }

    /// <summary>The backend of this node, or the node itself, about a request: as it leaves towards the client.</summary>
    [Theory]
    [MemberData(nameof(Cuts))]
    public void About_a_request_to_this_node(L4 protocol, Family family, int innerBytes)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var request = FromClient(family, Segments.Data(protocol));
        In(request);
        var header = family == Family.IPv4 ? 20 : 40;
        var cut = innerBytes == int.MaxValue ? innerBytes : innerBytes + header;

        foreach (var reporter in new[] { at.LocalPod, at.PodGateway })
        {
            var error = Unreachable(reporter, at.Client, request.To(at.LocalPod, BackendPort), cut);
            var expected = Unreachable(at.Node, at.Client, request, cut);
            Became(WithInnerSctp(expected, error, protocol), Verdict.Pass, Out(error));
        }
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void About_a_packet_of_nobody_we_know(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var error = Unreachable(
            at.Router, at.Node, PacketBuilder.From(at.Node, NodePort).To(at.Client, ClientPort + 1).Over(Segments.Data(protocol)));

        Untouched(error, In(error));
        Assert.Equal(1ul, Program.Count(LbReason.PktPassed));
    }

    private static IPAddress Somebody(Family family) => family == Family.IPv4 ? Somebody4 : Somebody6;

    private static PacketBuilder Unreachable(IPAddress from, IPAddress to, PacketBuilder about, int bytes = int.MaxValue) =>
        PacketBuilder.From(from).To(to).IcmpError(
            about.IsIpv6 ? (byte)1 : (byte)3, about.IsIpv6 ? (byte)4 : (byte)3, about, bytes);

    // The checksum of an inner SCTP packet cannot be kept where the packet was cut, so it is left as it came (lb_icmp.h).
    private static PacketBuilder WithInnerSctp(PacketBuilder expected, PacketBuilder error, L4 protocol)
    {
        if (protocol != L4.Sctp) return expected;
        var at = (expected.IsIpv6 ? 40 : 20) + 8;
        if (expected.Data.Length < at + 4) return expected;
        byte[] data = [.. expected.Data[..at], .. error.Data[at..(at + 4)], .. expected.Data[(at + 4)..]];
        return expected.Payload(data);
    }
}
