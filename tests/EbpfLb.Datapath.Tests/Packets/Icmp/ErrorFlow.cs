using System.Net;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Icmp;

/// <summary>
/// A direction of a translated flow in which an error travels: (A -> B) => (A2 -> B2). The packet it is about went from B to A, and
/// whoever gets the error knows it as one from B2 to A2.
/// </summary>
internal sealed record ErrorFlow(IPEndPoint A, IPEndPoint B, IPEndPoint A2, IPEndPoint B2)
{
    private static readonly string[] Ends4 = ["192.0.2.9:40000", "10.96.0.10:80", "10.244.3.4:8080", "172.18.0.1:33333", "203.0.113.77"];
    private static readonly string[] Ends6 =
        ["[2001:db8::9]:40000", "[fd00:10:96::10]:80", "[fd00:10:244::4]:8080", "[fd00:172:18::1]:33333", "2001:db8:77::1"];

    public static ErrorFlow Of(ErrorFlowKind kind, bool ipv6)
    {
        var (client, frontend, backend, snat) = (End(ipv6, 0), End(ipv6, 1), End(ipv6, 2), End(ipv6, 3));
        return kind switch
        {
            ErrorFlowKind.Request => new(client, frontend, client, backend),
            ErrorFlowKind.Reply => new(backend, client, frontend, client),
            ErrorFlowKind.SnatRequest => new(client, frontend, snat, backend),
            _ => new(backend, snat, frontend, client),
        };
    }

    /// <summary>Neither end.</summary>
    public static IPAddress Router(bool ipv6) => IPAddress.Parse((ipv6 ? Ends6 : Ends4)[4]);

    /// <summary>As the error comes: about a packet from B to A.</summary>
    public PacketBuilder Inner => PacketBuilder.From(B.Address, B.Port).To(A.Address, A.Port);

    /// <summary>As the error must leave.</summary>
    public PacketBuilder Turned(PacketBuilder inner) => inner with { Source = B2, Destination = A2 };

    /// <summary>Who may be seen as the sender of the error.</summary>
    public IPAddress ReporterAfter(IPAddress reporter) => A.Address.Equals(A2.Address) ? reporter : A2.Address;

    private static IPEndPoint End(bool ipv6, int which) => IPEndPoint.Parse((ipv6 ? Ends6 : Ends4)[which]);
}
