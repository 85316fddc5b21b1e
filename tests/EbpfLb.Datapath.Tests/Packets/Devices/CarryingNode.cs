using System.Buffers.Binary;
using System.Net;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Devices;

/// <summary>
/// The programs on real devices whose wires the test holds: clients are behind one, a backend of another node behind the other. What
/// goes in on one side comes out on the other, checksums finished, or it does not.
/// </summary>
internal sealed class CarryingNode : IDisposable
{
    private const string BackendMac = "02:00:00:00:60:07";
    private const string ClientMac = "02:00:00:00:50:09";
    private static readonly string OwnMac = string.Join(
        ':', LinkHeader.Default.Destination.GetAddressBytes().Select(b => b.ToString("x2")));
    private readonly PacketProgram node;
    private readonly List<IDisposable> owned = [];

    /// <param name="clientEthernet">The clients' device has a link header.</param>
    /// <param name="backendEthernet">The backend's has.</param>
    public CarryingNode(bool clientEthernet, bool backendEthernet)
    {
        node = new PacketProgram("ebpflb.bpf.o", ["lb_in", "lb_out", "lb_in_l3", "lb_out_l3"], _ => { });
        try
        {
            Clients = Add("cli", clientEthernet, "10.50.0.1", "fd50::1", "10.50.0.9", "fd50::9", ClientMac);
            Backends = Add("bak", backendEthernet, "10.60.0.1", "fd60::1", "10.60.0.7", "fd60::7", BackendMac);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Side Clients { get; } = null!;

    public Side Backends { get; } = null!;

    public PacketProgram Node => node;

    public static IPAddress Client(Family family) => IPAddress.Parse(family == Family.IPv4 ? "10.50.0.9" : "fd50::9");

    public static IPAddress NodeAddress(Family family) => IPAddress.Parse(family == Family.IPv4 ? "10.50.0.1" : "fd50::1");

    public static IPAddress Backend(Family family) => IPAddress.Parse(family == Family.IPv4 ? "10.60.0.7" : "fd60::7");

    public static IPAddress BackendGateway(Family family) => IPAddress.Parse(family == Family.IPv4 ? "10.60.0.1" : "fd60::1");

    public void Dispose()
    {
        foreach (var part in Enumerable.Reverse(owned)) part.Dispose();
        node.Dispose();
    }

    private Side Add(string name, bool ethernet, string address4, string address6, string peer4, string peer6, string mac)
    {
        var device = TapDevice.Create(node.Netns.Path, name, ethernet);
        owned.Add(device);
        node.Netns.Configure(
        [
            $"addr add {address4}/24 dev {name}",
            $"addr add {address6}/64 dev {name} nodad",
            .. ethernet
                ? (string[])[$"link set {name} address {OwnMac}", $"neigh add {peer4} lladdr {mac} dev {name} nud permanent",
                    $"neigh add {peer6} lladdr {mac} dev {name} nud permanent"]
                : [],
        ]);
        foreach (var ingress in new[] { true, false })
        {
            var program = node.Object.OpenProgram((ingress ? "lb_in" : "lb_out") + (ethernet ? "" : "_l3"));
            owned.Add(program);
            owned.Add(node.Netns.Run(() => BpfLink.AttachTcx(program, device.Index, ingress)));
        }
        var known = new Device(name, device.Index, address4, address6);
        foreach (var family in Enum.GetValues<Family>()) node.Tables.PutNodeAddress(known.Address(family), LbNodeAddrFlag.NodePort);
        node.Tables.Devices.Update((uint)device.Index, new LbDevice
        {
            Snat4 = AbiAddress.To4(known.Address(Family.IPv4)),
            Snat6 = AbiAddress.To16(known.Address(Family.IPv6)),
        });
        return new Side(device, ethernet, mac);
    }

    /// <summary>One of the wires.</summary>
    internal sealed class Side(TapDevice device, bool ethernet, string mac)
    {
        /// <param name="packet">Without a link header.</param>
        /// <param name="unfinished">The device finishes the checksum.</param>
        /// <param name="segment">And cuts it in segments of so many bytes; 0: it does not.</param>
        public void Send(PacketBuilder packet, bool unfinished = false, ushort segment = 0)
        {
            packet = ethernet ? packet.Ethernet(LinkHeader.Default) : packet.NoEthernet();
            var frame = packet.Build();
            device.Send(frame, unfinished ? Unfinish(frame, segment) : default);
        }

        /// <summary>The IP packet to <paramref name="to"/> that comes out, its checksum finished if it was left to the device.</summary>
        public byte[] Receive(IPAddress to)
        {
            var (header, frame) = device.Receive(f => PacketReader.Read(f, ethernet).Outer?.Destination.Address.Equals(to) == true);
            if (header.IsUnfinished)
            {
                var sum = InternetChecksum.Finish(InternetChecksum.Sum(frame.AsSpan(header.ChecksumStart)));
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(header.ChecksumStart + header.ChecksumOffset), sum);
            }
            if (!ethernet) return frame;
            Assert.Equal(mac, string.Join(':', frame[..6].Select(b => b.ToString("x2"))));
            return frame[14..];
        }

        private VirtioHeader Unfinish(byte[] frame, ushort segment)
        {
            var ip = PacketReader.Read(frame, ethernet).Ip;
            var offset = ip.Protocol == IpProtocol.Tcp ? 16 : 6;
            var pseudo = InternetChecksum.PseudoHeader(ip.Source.Address, ip.Destination.Address, ip.Protocol, ip.End - ip.Transport);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ip.Transport + offset), (ushort)pseudo);
            var headers = ip.Transport + (ip.Protocol == IpProtocol.Tcp ? (frame[ip.Transport + 12] >> 4) * 4 : 8);
            return new VirtioHeader
            {
                Flags = VirtioHeader.NeedsChecksum,
                GsoType = segment == 0 ? (byte)0 : ip.IsIpv6 ? VirtioHeader.Tcp6 : VirtioHeader.Tcp4,
                SegmentLength = segment,
                HeaderLength = (ushort)headers,
                ChecksumStart = (ushort)ip.Transport,
                ChecksumOffset = (ushort)offset,
            };
        }
    }
}
