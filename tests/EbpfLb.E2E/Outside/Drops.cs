using System.Text.RegularExpressions;

namespace EbpfLb.E2E.Outside;

/// <summary>What a node's programs counted, from /metrics.</summary>
internal static class Drops
{
    /// <summary>Packets with this reason, by its name in ebpflb_packets_total and ebpflb_datapath_events_total.</summary>
    public static long Count(ClusterNode node, string reason) => Count(node.Agent.Metrics(), reason);

    /// <param name="metrics">The text of /metrics.</param>
    public static long Count(string metrics, string reason)
    {
        var match = Regex.Match(metrics, $$"""^ebpflb_(packets|datapath_events)_total\{.*reason="{{reason}}".*\} (?<count>[0-9]+)""",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        return match.Success ? long.Parse(match.Groups["count"].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
    }
}
