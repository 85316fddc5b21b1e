using EbpfLb.Abi;
using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Reasons;

namespace EbpfLb.Agent.Control;

/// <summary>Counts by reason as `ebpflb status` shows them.</summary>
internal static class ReasonReports
{
    /// <summary>Those that happened and are worth a line.</summary>
    /// <param name="before">Counted before the agent started, by reason; null: no agent says.</param>
    public static IReadOnlyList<ReasonStatus> Of(IEnumerable<ReasonCount> counts, IReadOnlyDictionary<LbReason, ulong>? before)
        => [.. counts.Where(r => r.Count > 0 && IsReportable(r.Reason)).Select(r => Of(r, before?.GetValueOrDefault(r.Reason)))];

    /// <summary>Drops, and what should not happen to packets that were passed or answered.</summary>
    public static bool IsReportable(LbReason reason)
        => ReasonCatalog.Of(reason) is { Kind: ReasonKind.Dropped } or { IsPacket: true, Advice: not null };

    /// <param name="before">Counted before the agent started; null: no agent says.</param>
    public static ReasonStatus Of(ReasonCount count, ulong? before)
    {
        var text = ReasonCatalog.Of(count.Reason);
        return new ReasonStatus(ReasonName.Of(count.Reason), count.Count, count.Bytes, text.Meaning, text.Advice)
        {
            PacketsSinceStart = before is { } then ? count.Count - Math.Min(then, count.Count) : null,
        };
    }
}
