using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Model;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Packets to addresses that nothing of ours goes to pass at once; all other tests of packets run behind a destination filter that is in
/// use, too.
/// </summary>
public class DestinationFilterTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Theory]
    [MemberData(nameof(Families))]
    public void What_is_not_opened_passes_unseen_also_with_a_frontend_and_is_counted(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, LocalBackend(family));
        Program.Tables.DestinationFilter.Rebuild([IpAddress.From(at.Vip)]);

        var unseen = To(at.ClusterIp);
        Untouched(unseen, In(unseen));
        var seen = To(at.Vip);
        Became(seen.To(at.LocalPod, BackendPort), Verdict.Pass, In(seen));

        Counted((LbReason.PktPassed, 1), (LbReason.PktNew, 1), (LbReason.PktToLocal, 1));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Out_of_use_all_packets_are_looked_at(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, LocalBackend(family));
        Program.Tables.DestinationFilter.Rebuild([]);
        Program.Tables.DestinationFilter.Disable();

        var sent = To(at.ClusterIp);
        Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, In(sent));
    }

    /// <summary>Agent and programs must mean the same bit.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_flow_opens_the_destination_filter_for_its_client_whoever_that_is(Family family)
    {
        var random = new Random(7);
        var bytes = new byte[family == Family.IPv4 ? 4 : 16];
        Serve(L4.Tcp, family, LocalBackend(family));
        for (var i = 0; i < 200; i++)
        {
            random.NextBytes(bytes);
            // Neither multicast nor loopback.
            bytes[0] = family == Family.IPv4 ? (byte)(20 + i % 80) : (byte)0x20;
            var client = new IPAddress(bytes);
            Program.Tables.DestinationFilter.Rebuild([IpAddress.From(Ends.Of(family).ClusterIp)]);
            Assert.False(Program.Tables.DestinationFilter.IsOpen(IpAddress.From(client)));

            In(To(Ends.Of(family).ClusterIp, client));

            Assert.True(Program.Tables.DestinationFilter.IsOpen(IpAddress.From(client)), $"{client}");
            Assert.Equal(2, Program.Tables.DestinationFilter.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_flow_that_opens_while_a_bank_is_made_anew_has_its_replies_translated(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, LocalBackend(family));
        var sent = To(at.ClusterIp);

        Program.Tables.DestinationFilter.Rebuild(Meanwhile());

        var reply = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(new TcpSegment(TcpFlags.Syn | TcpFlags.Ack))
            .Payload(0);
        Became(reply.WithSource(at.ClusterIp, ServicePort), Verdict.Pass, Out(reply));

        IEnumerable<IpAddress> Meanwhile()
        {
            Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, In(sent));
            yield break;
        }
    }

    private static PacketBuilder To(IPAddress address, IPAddress? client = null)
        => PacketBuilder.From(
            client ?? Ends.Of(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? Family.IPv4 : Family.IPv6).Client,
            ClientPort)
            .To(address, ServicePort).Over(new TcpSegment(TcpFlags.Syn)).Payload(0);
}
