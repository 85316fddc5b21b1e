using EbpfLb.Agent.Control;

namespace EbpfLb.Agent.Explanations;

/// <summary>What the kernel holds, for people.</summary>
internal static class KernelReportText
{
    private const int LabelWidth = 12;

    private const int MostCounts = 8;

    /// <summary>Goes before what the agent's table says, when that is not what happens.</summary>
    public static void WriteDisagreement(TextWriter output, KernelReport report)
    {
        if (report.Stale.Count == 0) return;
        output.WriteLine($"The kernel does otherwise: {string.Join("; ", report.Stale)}. `ebpflb "
            + "status` says what is not ready, `ebpflb verify` repairs.");
        output.WriteLine("By the agent's table:");
    }

    public static void Write(TextWriter output, KernelReport report)
    {
        output.WriteLine();
        output.WriteLine("kernel");
        if (report.Entry is { } entry)
        {
            Line("entry",
                $"id {entry.ServiceId}, {entry.Kind}, policy {entry.Policy}, affinity {entry.AffinitySeconds} s, "
                    + $"{entry.Cluster.Count} backends in the Cluster list, {entry.Local.Count} in the Local list");
            Line("counters",
                $"{entry.Connections} connections, {entry.Active} of them open, "
                    + $"{entry.Datagrams} datagrams, {entry.Refused} refused");
            if (entry.Place is { } place) Line("hash", place);
            foreach (var count in entry.Counts.Take(MostCounts)) Line("counts", count);
            if (entry.Counts.Count > MostCounts)
                Line("counts", $"and those of {entry.Counts.Count - MostCounts} more (`ebpflb backends`)");
            if (entry.AffinitySeconds > 0) Line("affinity",
                report.Remembered is { } backend ? $"{backend} is remembered for this client" : "nothing is remembered for this client");
        }
        else
        {
            Line("entry", "none");
        }
        foreach (var flow in report.Flows) Line("flow",
            $"{flow.Client} -> {flow.Backend}, {flow.Phase}{(flow.Snat is null ? "" : $", as {flow.Snat}")}, idle for "
                + $"{flow.IdleSeconds:0} s");
        if (report.Packet is { } packet)
        {
            Line("program", $"a first packet by {packet.Device} is {packet.Outcome}{Where(packet)}");
            Line("counted", packet.Reasons.Count == 0 ? "nothing" : string.Join(", ", packet.Reasons));
        }
        if (report.NotRun is { } why) Line("program", why);
        foreach (var text in report.NotReady) Line("not ready", text);
        foreach (var text in report.Stale) Line("stale", text);

        void Line(string label, string text) => output.WriteLine($"  {label.PadRight(LabelWidth)}{text}");
    }

    private static string Where(KernelPacket packet) => packet.Outcome switch
    {
        "translated" when packet.Tunnel is { } node => $": as it is, in a tunnel to {node}",
        "translated" => $": {packet.Source} -> {packet.Destination}, {(packet.Direct ? "straight out" : "through the stack")}",
        _ => "",
    };
}
