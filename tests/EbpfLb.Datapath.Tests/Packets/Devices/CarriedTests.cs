using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Devices;

/// <summary>Packets that really come in and leave: with link headers and without, with checksums that are left to the device.</summary>
[Trait("needs", "tun")]
public sealed class CarriedTests
{
    private const int NodePort = 30080;
    private const int ClientPort = 40000;

    public static TheoryData<bool, bool, Family> Devices => new(
        from client in new[] { true, false }
        from backend in new[] { true, false }
        from family in Enum.GetValues<Family>()
        select new TheoryDataRow<bool, bool, Family>(client, backend, family));

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_conversation_goes_through_the_node(bool clientEthernet, bool backendEthernet, Family family)
    {
        using var node = new CarryingNode(clientEthernet, backendEthernet);
        foreach (var protocol in Enum.GetValues<L4>())
        {
            Serve(node, protocol, family);
            foreach (var unfinished in protocol == L4.Sctp ? [false] : new[] { false, true })
            {
                var opening = Request(family).Over(Segments.Opening(protocol)).Payload(30);
                var port = Forward(node, opening, unfinished);
                Back(node, family, port, Segments.Answer(protocol), 41, unfinished);
                Assert.Equal(port, Forward(node, opening.Over(Segments.Data(protocol)).Payload(1300), unfinished));
                Back(node, family, port, Segments.Data(protocol), 1301, unfinished);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void What_the_device_will_cut_into_segments_goes_through_in_one(bool clientEthernet, bool backendEthernet, Family family)
    {
        using var node = new CarryingNode(clientEthernet, backendEthernet);
        Serve(node, L4.Tcp, family);
        var port = Forward(node, Request(family).Over(Segments.Opening(L4.Tcp)), unfinished: true);

        Assert.Equal(port, Forward(node, Request(family).Over(Segments.Data(L4.Tcp)).Payload(30_000), unfinished: true, segment: 1400));
        Back(node, family, port, Segments.Data(L4.Tcp), 30_000, unfinished: true, segment: 1400);
    }

    private static PacketBuilder Request(Family family) =>
        PacketBuilder.From(CarryingNode.Client(family), ClientPort).To(CarryingNode.NodeAddress(family), NodePort).NoEthernet();

    private static void Serve(CarryingNode node, L4 protocol, Family family)
    {
        var any = family == Family.IPv4 ? IPAddress.Any : IPAddress.IPv6Any;
        node.Node.Serve(new ServiceSpec((byte)protocol, new FrontendSpec(any, NodePort, LbServiceFlag.External | LbServiceFlag.NodePort))
        {
            Backends = [new BackendSpec(CarryingNode.Backend(family), 8080)],
        });
    }

    private static int Forward(CarryingNode node, PacketBuilder packet, bool unfinished, ushort segment = 0)
    {
        var family = packet.IsIpv6 ? Family.IPv6 : Family.IPv4;
        node.Clients.Send(packet, unfinished, segment);
        var came = node.Backends.Receive(CarryingNode.Backend(family));
        var port = PacketReader.Read(came, ethernet: false).Ip.Source.Port;
        Same(packet.WithSource(CarryingNode.BackendGateway(family), port).To(CarryingNode.Backend(family), 8080).Forwarded(), came);
        return port;
    }

    private static void Back(
        CarryingNode node, Family family, int port, Transport transport, int payload, bool unfinished, ushort segment = 0)
    {
        var reply = PacketBuilder.From(CarryingNode.Backend(family), 8080).To(CarryingNode.BackendGateway(family), port)
            .NoEthernet().Over(transport).Payload(payload);
        node.Backends.Send(reply, unfinished, segment);
        Same(
            reply.WithSource(CarryingNode.NodeAddress(family), NodePort).To(CarryingNode.Client(family), ClientPort).Forwarded(),
            node.Clients.Receive(CarryingNode.Client(family)));
    }

    private static void Same(PacketBuilder expected, byte[] came)
    {
        Assert.Empty(PacketDifference.Of(expected.Build(), came, ethernet: false));
        Assert.Empty(PacketVerifier.Problems(PacketReader.Read(came, ethernet: false)));
    }
}
