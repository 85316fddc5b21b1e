using System.Net;
using System.Net.Sockets;

namespace EbpfLb.Netlink.Sockets;

/// <summary>A connected socket, as inet_diag names it.</summary>
/// <param name="Family">Of the socket: one of IPv6 that is connected to an IPv4 address has v4-mapped ends.</param>
/// <param name="Device">Index of the device that it is bound to, or 0.</param>
/// <param name="Cookie">SO_COOKIE: no other socket ever has it.</param>
public sealed record SocketIdentity(AddressFamily Family, ProtocolType Protocol, IPEndPoint Source, IPEndPoint Destination, int Device, ulong Cookie);
