using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EbpfLb.Native;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Conntrack;

/// <summary>
/// Reads the connections whose destination nf_conntrack changes (DNAT), by ctnetlink. Those of the network namespace of the thread that
/// opened it.
/// </summary>
public sealed class ConntrackReader : IDisposable
{
    /// <summary>NFNL_SUBSYS_CTNETLINK with IPCTNL_MSG_CT_GET and IPCTNL_MSG_CT_NEW of linux/netfilter/nfnetlink_conntrack.h.</summary>
    private const MessageType Get = (MessageType)(1 << 8 | 1), New = (MessageType)(1 << 8);

    /// <summary>CTA_TUPLE_ORIG, CTA_TUPLE_REPLY and CTA_STATUS.</summary>
    private const int Original = 1, Reply = 2, Status = 3;

    /// <summary>CTA_TUPLE_IP and CTA_TUPLE_PROTO; CTA_PROTO_NUM, CTA_PROTO_SRC_PORT and CTA_PROTO_DST_PORT.</summary>
    private const int TupleAddresses = 1, TupleProtocol = 2, Number = 1, SourcePort = 2, DestinationPort = 3;

    /// <summary>CTA_IP_V4_SRC and CTA_IP_V6_SRC; the destinations are CTA_IP_V4_DST and CTA_IP_V6_DST.</summary>
    private const int Source4 = 1, Source6 = 3;

    /// <summary>IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h.</summary>
    private const uint DestinationChanged = 1 << 5;

    private readonly NetlinkSocket socket;

    private ConntrackReader(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">No netlink socket can be had: the kernel has no nfnetlink.</exception>
    public static ConntrackReader Open() => new(NetlinkSocket.Open(protocol: LibC.NETLINK_NETFILTER));

    /// <summary>Of both families. What comes or goes meanwhile may be missing.</summary>
    /// <exception cref="NetlinkException">EPERM: CAP_NET_ADMIN is missing. EINVAL: the kernel has no ctnetlink.</exception>
    public IReadOnlyList<TranslatedConnection> ReadTranslated()
        => [.. Read(LibC.AF_INET), .. Read(LibC.AF_INET6)];

    public void Dispose() => socket.Dispose();

    private List<TranslatedConnection> Read(int family)
        => socket.Dump(
            MessageBuilder.Create(Get, new NetfilterBody { Family = (byte)family }), "read the connections of nf_conntrack", Parse);

    private static TranslatedConnection? Parse(NetlinkMessage message)
    {
        if (message.Type != New) return null;
        Tuple? original = null, reply = null;
        var attributes = message.Attributes<NetfilterBody>();
        while (attributes.MoveNext())
        {
            if (attributes.Type == Status
                && (BinaryPrimitives.ReadUInt32BigEndian(attributes.Value) & DestinationChanged) == 0) return null;
            if (attributes.Type == Original) original = TupleOf(attributes.Nested);
            if (attributes.Type == Reply) reply = TupleOf(attributes.Nested);
        }
        return original is { } sent && reply is { } answered
            ? new TranslatedConnection((ProtocolType)sent.Protocol, sent.Source, sent.Destination, answered.Source)
            : null;
    }

    private static Tuple? TupleOf(AttributeReader tuple)
    {
        IPAddress? source = null, destination = null;
        int protocol = 0, sourcePort = 0, destinationPort = 0;
        while (tuple.MoveNext())
        {
            var fields = tuple.Nested;
            while (fields.MoveNext())
            {
                if (tuple.Type == TupleAddresses)
                {
                    if (fields.Type is Source4 or Source6) source = fields.Address;
                    else destination = fields.Address;
                }
                else if (tuple.Type == TupleProtocol)
                {
                    if (fields.Type == Number) protocol = fields.Value[0];
                    if (fields.Type == SourcePort) sourcePort = BinaryPrimitives.ReadUInt16BigEndian(fields.Value);
                    if (fields.Type == DestinationPort) destinationPort = BinaryPrimitives.ReadUInt16BigEndian(fields.Value);
                }
            }
        }
        return source is null || destination is null ? null
            : new Tuple(protocol, new IPEndPoint(source, sourcePort), new IPEndPoint(destination, destinationPort));
    }

    private sealed record Tuple(int Protocol, IPEndPoint Source, IPEndPoint Destination);
}

/// <summary>A connection whose destination nf_conntrack changes.</summary>
/// <param name="Source">Who began it, as the first packet had it.</param>
/// <param name="Destination">Whom it asked.</param>
/// <param name="Backend">Who answers.</param>
public sealed record TranslatedConnection(ProtocolType Protocol, IPEndPoint Source, IPEndPoint Destination, IPEndPoint Backend);
