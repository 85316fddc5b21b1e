using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>Protocol names as Kubernetes writes them.</summary>
public static class ProtocolText
{
    /// <summary>"TCP", "UDP", "SCTP", else the number.</summary>
    public static string ToText(this TransportProtocol protocol) => protocol switch
    {
        TransportProtocol.Tcp => "TCP",
        TransportProtocol.Udp => "UDP",
        TransportProtocol.Sctp => "SCTP",
        _ => ((byte)protocol).ToString(),
    };
}
