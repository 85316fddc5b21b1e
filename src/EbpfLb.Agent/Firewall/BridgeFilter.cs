using System.Net.Sockets;

namespace EbpfLb.Agent.Firewall;

/// <summary>br_netfilter: whether rules for IP packets are asked about what passes over a bridge from port to port.</summary>
internal static class BridgeFilter
{
    private const string Directory = "/proc/sys/net/bridge";

    /// <summary>By the setting for all bridges; one can be set for a bridge by itself, which is not looked at.</summary>
    public static bool Asks(AddressFamily family)
    {
        try
        {
            var name = family == AddressFamily.InterNetwork ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables";
            return File.ReadAllText(Path.Combine(Directory, name)).Trim() == "1";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without the module nobody asks.
            return false;
        }
    }
}
