using System.Globalization;
using EbpfLb.Testing.Agents;

namespace EbpfLb.E2E.RemovedEndpoints;

/// <summary>What an agent says of stale sockets and flows.</summary>
internal static class SocketMetrics
{
    /// <summary>null: not known.</summary>
    public static long? StaleUdp(this AgentProcess agent) => Known(agent, "ebpflb_stale_sockets{protocol=\"udp\"}");

    public static long EndedUdp(this AgentProcess agent) => Value(agent, "ebpflb_sockets_ended_total{protocol=\"udp\"}");

    /// <summary>null: not known.</summary>
    public static long? StaleTcp(this AgentProcess agent) => Known(agent, "ebpflb_stale_sockets{protocol=\"tcp\"}");

    public static long EndedTcp(this AgentProcess agent) => Value(agent, "ebpflb_sockets_ended_total{protocol=\"tcp\"}");

    public static long DeletedFlows(this AgentProcess agent, Family family)
        => Value(agent, $"kubeproxy_conntrack_reconciler_deleted_entries_total{{ip_family=\"{family}\"}}");

    /// <summary>null: not known.</summary>
    public static long? Untranslated(this AgentProcess agent) => Known(agent, "ebpflb_untranslated_sockets");

    /// <summary>
    /// What a test that waited without success says: which sockets the agent counts, what the kernel refuses it, and the end of its log.
    /// </summary>
    public static string SocketReport(this AgentProcess agent) =>
        "sockets to be found and "
            + $"ended:\n{agent.MetricsOf("ebpflb_stale_", "ebpflb_untranslated_", "ebpflb_sockets_", "ebpflb_kernel_feature")}\nend "
            + $"of the agent's log:\n{agent.EndOfLog}";

    private static long Value(AgentProcess agent, string series)
        => Known(agent, series) ?? throw new InvalidOperationException($"/metrics has no {series}");

    private static long? Known(AgentProcess agent, string series)
        => agent.Metrics().Split('\n').SingleOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal)) is { } line
            ? (long)double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture)
            : null;
}
