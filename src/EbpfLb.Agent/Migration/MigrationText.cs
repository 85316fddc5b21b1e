using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Migration;

/// <summary>A plan for people.</summary>
internal sealed class MigrationText(Terminal terminal)
{
    public void Write(MigrationReport report)
    {
        terminal.Write(new Table([new("WHAT"), new("HOW")],
        [
            ["EbpfLb", report.Agent.State],
            ["kube-proxy", report.KubeProxy.Count == 0 ? "no process in this network namespace"
                : string.Join(", ", report.KubeProxy.Select(p => $"process {p.Pid}, mode {p.Mode ?? "unknown"}"))],
            ["IPVS", report.Ipvs.Count == 0 ? "no sign of it" : string.Join(", ", report.Ipvs)],
            ["Connections", report.Connections is { } count ? Of(count) : "not known"],
        ]));
        var kept = report.Tables.SelectMany(t => t.Kept.Select(k => $"{t.By}, {t.Family}, {t.Table}: {k}"));
        if (report.Tables.Count > 0)
        {
            terminal.Out.WriteLine();
            terminal.Write(new Table(
                [new("RULES OF"), new("FAMILY"), new("TABLE"), new("CHAINS", true), new("RULES", true)],
                [.. report.Tables.Select(t => t.By == "nftables" ? new[] { t.By, t.Family, t.Table, "all", "all" }
                    : [t.By, t.Family, t.Table, t.Chains.ToString(), t.Rules.ToString()])]));
        }
        WriteList("Stays, as others use it:", [.. kept]);
        WriteList("`ebpflb migrate run` would:", report.Steps);
        if (report.Steps.Count == 0) WriteList("Nothing to do:", ["no rules of kube-proxy were found"]);
        WriteList("Stopped by:", report.Stops);
        WriteList("Warnings:", report.Warnings);
        WriteList("Not looked at:", report.NotLookedAt);
    }

    /// <summary>"3 TCP, 1 UDP and 0 other connections ...".</summary>
    public static string Of(ConnectionCount count) => $"{count.Tcp} TCP, {count.Udp} UDP and {count.Other} other connections"
        + (count.OfServices ? " to Services that netfilter translates" : " that netfilter translates, to whatever destination");

    private void WriteList(string heading, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0) return;
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(heading);
        foreach (var line in lines) terminal.Out.WriteLine($"  - {line}");
    }
}
