using System.Net;
using System.Net.Sockets;

namespace EbpfLb.Netlink.Conntrack;

/// <summary>A connection whose destination nf_conntrack changes.</summary>
/// <param name="Source">Who began it, as the first packet had it.</param>
/// <param name="Destination">Whom it asked.</param>
/// <param name="Backend">Who answers.</param>
public sealed record TranslatedConnection(ProtocolType Protocol, IPEndPoint Source, IPEndPoint Destination, IPEndPoint Backend);
