using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>What tests of XDP have in common: a flow that is open, and whether its packets are taken.</summary>
public abstract class FrontTest(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private protected FrontOfStack Front { get; } = fixture.Program.Front!;

    /// <summary>A flow that is open, with what its ends send then.</summary>
    private protected (PacketBuilder Data, PacketBuilder Reply) Open(L4 protocol, Family family, BackendSpec backend)
    {
        Serve(protocol, family, backend);
        var opening = FromClient(family, Segments.Opening(protocol));
        Converse(protocol, opening);
        var request = Program.Tables.Flows().Single(e => !e.IsReply && e.Protocol == (byte)protocol);
        Assert.Equal(LbCtPhase.Open, request.Phase);
        return (
            opening.Over(Segments.Data(protocol)),
            PacketBuilder.From(request.ToDestination.Address, request.ToDestination.Port)
                .To(request.ToSource.Address, request.ToSource.Port).Over(Segments.Data(protocol)).Payload(100));
    }

    /// <summary>Given again, unless a tick has just begun.</summary>
    private protected bool IsTaken(PacketBuilder packet, Device device)
    {
        for (var i = 0; i < 5; i++)
        {
            In(packet, device);
            if (IsTakenAtOnce(packet.Build(), device)) return true;
        }
        return false;
    }

    private protected bool IsTakenAtOnce(byte[] packet, Device device)
    {
        var before = Front.Taken;
        Program.Ingress(packet, device);
        return Front.Taken > before;
    }
}
