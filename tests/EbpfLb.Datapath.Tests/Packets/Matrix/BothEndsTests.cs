using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Packets of both sides of a flow on two CPUs at the same time.</summary>
public class BothEndsTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int Flows = 100;
    private const int Rounds = 30;
    private static readonly TcpSegment Fin = new(TcpFlags.Fin | TcpFlags.Ack);

    public static TheoryData<Family, bool> Ways => new(
        from family in Enum.GetValues<Family>() from local in new[] { true, false } select new TheoryDataRow<Family, bool>(family, local));

    [Theory]
    [MemberData(nameof(Ways))]
    public void Both_ends_that_close_at_once_have_closed(Family family, bool local)
    {
        var pairs = Open(family, local, Fin, Fin);
        for (var round = 0; round < Rounds; round++)
        {
            Reopen();

            Program.Race(pairs);

            Assert.Equal(2 * Flows, Program.Tables.Flows().Count(entry => entry.Phase == LbCtPhase.Closed));
            Assert.Equal((ulong)(Flows * (round + 1)), Ended());
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_flow_that_one_end_closes_while_the_other_talks_is_closing_in_both_entries(Family family, bool local)
    {
        var pairs = Open(family, local, Fin, new TcpSegment(TcpFlags.Ack));
        for (var round = 0; round < Rounds; round++)
        {
            Reopen();

            Program.Race(pairs);

            Assert.Equal(2 * Flows,
                Program.Tables.Flows().Count(entry
                    => entry.Phase == LbCtPhase.Closing && entry.Flags.HasFlag(LbCtFlag.Fin) != entry.IsReply));
        }
    }

    /// <summary>Flows of many clients, and a packet of either side for each.</summary>
    private List<((LbCtHook, byte[], Device), (LbCtHook, byte[], Device))> Open(
        Family family, bool local, Transport ofClient, Transport ofServer)
    {
        Serve(L4.Tcp, family, local ? LocalBackend(family) : RemoteBackend(family));
        for (var i = 0; i < Flows; i++) In(FromClient(family, Segments.Opening(L4.Tcp), ClientPort + i));
        var replies = Program.Tables.Flows().Where(f => f.IsReply).ToDictionary(f => f.ToDestination.Port);
        Assert.Equal(Flows, replies.Count);
        return
        [
            .. Enumerable.Range(ClientPort, Flows).Select(port =>
            {
                var reply = replies[port];
                var answer = PacketBuilder.From(reply.Source.Address, reply.Source.Port)
                    .To(reply.Destination.Address, reply.Destination.Port).Over(ofServer);
                return (
                    (LbCtHook.Ingress, FromClient(family, ofClient, port).Payload(0).Build(), PacketLab.Wan),
                    local ? (LbCtHook.Egress, answer.Build(), PacketLab.Wan) : (LbCtHook.Ingress, answer.Build(), PacketLab.Lan));
            }),
        ];
    }

    /// <summary>As after the handshake, and idle since: a packet of either side finds a tick to be over.</summary>
    private void Reopen()
    {
        // Their places in the ring of closed flows would evict them when it has gone round.
        Program.Tables.AgePending(100);
        const LbCtFlag Ends = LbCtFlag.Fin | LbCtFlag.Rst | LbCtFlag.Unacked;
        foreach (var entry in Program.Tables.Flows())
        {
            Program.Tables.Put(entry with
            {
                State = entry.State with { Phase = (byte)LbCtPhase.Open, Flags = (byte)(entry.Flags & ~Ends), Tick = entry.State.Tick - 1 },
            });
        }
    }

    private ulong Ended()
    {
        return Program.Tables.CountsOf(1).Closed;
    }
}
