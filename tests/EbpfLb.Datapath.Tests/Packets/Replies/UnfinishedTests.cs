using System.Buffers.Binary;
using EbpfLb.Bpf;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using static EbpfLb.Datapath.Tests.Packets.Replies.ReplyAnswers;

namespace EbpfLb.Datapath.Tests.Packets.Replies;

/// <summary>Packets whose checksum, or segmentation, was left to the device: answers are complete, whoever sends them.</summary>
[Trait("needs", "tun")]
public sealed class UnfinishedTests : IDisposable
{
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly NodeNetns node;

    public UnfinishedTests() => node = topology.AddNode();

    private static VirtioHeader ChecksumOnly => default;

    public void Dispose() => topology.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_syn_gets_a_complete_reset(bool ipv6)
    {
        using var device = Open();
        var syn = Request(ipv6).Tcp(TcpFlags.Syn, options: new byte[20]);

        device.Answers(syn, ChecksumOnly, _ => Reset(syn, TcpFlags.Rst | TcpFlags.Ack, 0, 1001));
        var tagged = syn.Vlan(0, priority: 6);
        device.Answers(tagged, ChecksumOnly, _ => Reset(tagged, TcpFlags.Rst | TcpFlags.Ack, 0, 1001));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_still_to_be_cut_into_segments_gets_one_complete_reset(bool ipv6)
    {
        using var device = Open();
        var data = Request(ipv6).Tcp(TcpFlags.Ack, 1000, 2000).Payload(30_000);

        device.Answers(
            data, new VirtioHeader { GsoType = ipv6 ? VirtioHeader.Tcp6 : VirtioHeader.Tcp4, SegmentLength = 1400 },
            _ => Reset(data, TcpFlags.Rst, 2000, 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_too_big_is_told_the_mtu_in_a_complete_error(bool ipv6)
    {
        using var device = Open(knobs => knobs.Set("cfg_answer", 2u));
        var data = Request(ipv6).Tcp(TcpFlags.Ack, 1000, 2000, new byte[12]).Payload(30_000);

        device.Answers(
            data, new VirtioHeader { GsoType = ipv6 ? VirtioHeader.Tcp6 : VirtioHeader.Tcp4, SegmentLength = 1400 },
            frame => Error(data, frame, ipv6 ? (byte)2 : (byte)3, ipv6 ? (byte)0 : (byte)4, 1400));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(549)]
    [InlineData(1400)]
    public void A_datagram_gets_a_complete_error(int payload)
    {
        using var device = Open();
        foreach (var request in (PacketBuilder[])[
            Request(false).Udp(),
            Request(true).Udp(),
            Request(false).Vlan(0, priority: 1).Udp(),
            Request(true).Vlan(0, priority: 1).Udp(),
            Request(false).Options(1, 1, 1, 1, 1).Udp(),
            Request(true).With(ExtensionHeader.HopByHop(), ExtensionHeader.Destination(4)).Udp()])
        {
            var datagram = request.Payload(payload);
            device.Answers(datagram, ChecksumOnly, frame => PortUnreachable(datagram, frame));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Datagrams_that_are_still_to_be_cut_get_one_complete_error(bool ipv6)
    {
        using var device = Open();
        var datagrams = Request(ipv6).Udp().Payload(9000);

        device.Answers(
            datagrams, new VirtioHeader { GsoType = VirtioHeader.UdpSegments, SegmentLength = 1000 },
            frame => PortUnreachable(datagrams, frame));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Devices_without_link_header_get_the_same_answers(bool ipv6)
    {
        using var device = Open(ethernet: false);
        var syn = Request(ipv6).NoEthernet().Tcp(TcpFlags.Syn);
        var datagram = Request(ipv6).NoEthernet().Udp().Payload(700);

        device.Answers(syn, ChecksumOnly, _ => Reset(syn, TcpFlags.Rst | TcpFlags.Ack, 0, 1001));
        device.Answers(datagram, ChecksumOnly, frame => PortUnreachable(datagram, frame));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Complete_packets_get_the_same_answers(bool ipv6)
    {
        using var device = Open();
        var syn = Request(ipv6).Tcp(TcpFlags.Syn);
        var datagram = Request(ipv6).Udp().Payload(700);

        device.Answers(syn, null, _ => Reset(syn, TcpFlags.Rst | TcpFlags.Ack, 0, 1001));
        device.Answers(datagram, null, _ => PortUnreachable(datagram));
    }

    private AnsweringDevice Open(Action<KnobSet>? knobs = null, bool ethernet = true) => new(node, knobs, ethernet);

    /// <summary>A device with the program where packets come in.</summary>
    private sealed class AnsweringDevice : IDisposable
    {
        private readonly bool ethernet;
        private readonly UnitProgram reply;
        private readonly TapDevice device;
        private readonly BpfLink link;

        public AnsweringDevice(NodeNetns node, Action<KnobSet>? knobs, bool ethernet)
        {
            this.ethernet = ethernet;
            reply = new UnitProgram("reply", ethernet ? "unit_reply" : "unit_reply_l3", knobs);
            device = TapDevice.Create(node.Place.NetnsPath!, "wire", ethernet);
            link = NetnsThread.Run(node.Place.NetnsPath!, () => BpfLink.AttachTcx(reply.Program, device.Index, ingress: true));
        }

        /// <param name="request">What comes in.</param>
        /// <param name="offload">What is left to do besides the checksum; null: nothing at all is.</param>
        /// <param name="expected">The answer, by the frame that came in.</param>
        public void Answers(PacketBuilder request, VirtioHeader? offload, Func<byte[], byte[]> expected)
        {
            var frame = request.Build();
            var header = default(VirtioHeader);
            if (offload is { } left)
                header = Unfinish(frame, left);

            device.Send(frame, header);

            var client = request.Source.Address;
            var (leaving, answer) = device.Receive(f => client.Equals(PacketReader.Read(f, ethernet).Outer?.Destination.Address));
            Assert.False(leaving.IsUnfinished);
            Assert.Equal(0, leaving.GsoType);
            Assert.Empty(PacketDifference.Of(expected(frame), answer, ethernet));
            Assert.DoesNotContain(
                PacketVerifier.Checksums(PacketReader.Read(answer, ethernet)),
                c => c.IsWrong && (offload is null || !c.Name.StartsWith("inner.", StringComparison.Ordinal)));
        }

        public void Dispose()
        {
            link.Dispose();
            device.Dispose();
            reply.Dispose();
        }

        // The field holds the sum of the pseudo header, as sockets leave it.
        private VirtioHeader Unfinish(byte[] frame, VirtioHeader left)
        {
            var ip = PacketReader.Read(frame, ethernet).Ip;
            var offset = ip.Protocol == IpProtocol.Tcp ? 16 : 6;
            var pseudo = InternetChecksum.PseudoHeader(ip.Source.Address, ip.Destination.Address, ip.Protocol, ip.End - ip.Transport);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ip.Transport + offset), (ushort)pseudo);
            var headers = ip.Transport + (ip.Protocol == IpProtocol.Tcp ? (frame[ip.Transport + 12] >> 4) * 4 : 8);
            return left with
            {
                Flags = VirtioHeader.NeedsChecksum,
                HeaderLength = (ushort)headers,
                ChecksumStart = (ushort)ip.Transport,
                ChecksumOffset = (ushort)offset,
            };
        }
    }
}
