using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Checksums that look like something else.</summary>
public class ChecksumTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    /// <summary>The sum of the pseudo header is what a field holds whose checksum the device will finish: lb_nat.h goes by that.</summary>
    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void A_finished_checksum_that_looks_unfinished_is_changed_all_the_same(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol)).Payload(new byte[32]);
        var length = (protocol == L4.Tcp ? 20 : 8) + sent.Data.Length;
        var pseudo = InternetChecksum.PseudoHeader(at.Client, at.Node, (byte)protocol, length);
        // A word of the payload takes its value off the checksum.
        var word = InternetChecksum.Finish(pseudo) + Checksum(sent, protocol);
        word = (word & 0xffff) + (word >> 16);
        sent = sent.Payload([(byte)(word >> 8), (byte)word, .. new byte[30]]);
        Assert.Equal(pseudo, Checksum(sent, protocol));

        Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, In(sent));
    }

    private static uint Checksum(PacketBuilder packet, L4 protocol)
    {
        var bytes = packet.Build().AsSpan(14 + (packet.IsIpv6 ? 40 : 20) + (protocol == L4.Tcp ? 16 : 6));
        return (uint)(bytes[0] << 8 | bytes[1]);
    }
}
