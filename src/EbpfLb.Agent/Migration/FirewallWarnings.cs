using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Firewall;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Migration;

/// <summary>What a firewall of the node does to new connections when kube-proxy's rules are gone.</summary>
internal static class FirewallWarnings
{
    /// <param name="view">null: no agent answers, and its addresses and ports are not known.</param>
    public static async Task<IReadOnlyList<string>> ReadAsync(IInstanceView? view, CancellationToken cancellationToken)
    {
        try
        {
            if (view is null || await view.StatusAsync(cancellationToken) is not { Origin: Origin.Agent } status
                || await view.ConfigAsync(cancellationToken) is not { } config)
                return ["rules of a firewall were not looked at, as no agent says which ranges and ports it serves"];
            return Of(status, ConfigJson.Read(config), await view.ServicesAsync(ServiceQuery.All, cancellationToken),
                await view.BackendsAsync(ServiceQuery.All, cancellationToken));
        }
        catch (Exception e) when (e is NetlinkException or ConfigException or JsonException or NotKnownYetException)
        {
            return [$"rules of a firewall were not looked at: {e.Message}"];
        }
    }

    private static List<string> Of(StatusReport status, LoadedConfig config, ServicesReport services, BackendsReport backends)
    {
        using var reader = NetworkReader.Open();
        var network = reader.Read();
        var served = network.Links.Where(l => status.Devices.Any(d => d.Index == l.Index && d.Role != "none")).ToList();
        var around = FirewallSurroundings.Of(network, served, config, status, services, backends);
        List<string> unread = [];
        var rules = HostFirewall.Read(withoutKubeProxy: true, unread);
        var firewall = new HostFirewall(rules, around);
        return
        [
            .. unread,
            .. firewall.Forward().Concat(firewall.Input()).Select(f => $"{f.Finding}. {(f.IsSure ? "Before `run`: " : "")}{f.Remedy}"),
            .. GuardRules.Find(rules, around).Select(f => $"{f}; EbpfLb's programs come before it, so it does not see what they serve"),
        ];
    }
}
