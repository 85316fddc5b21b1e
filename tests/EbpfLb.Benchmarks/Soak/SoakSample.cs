using System.Globalization;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Benchmarks.Soak;

/// <summary>What was seen at the end of one minute, by name; times are those of the minute.</summary>
internal sealed class SoakSample
{
    public required double Minute { get; init; }

    public required IReadOnlyDictionary<string, double> Values { get; init; }

    public static SoakSample Read(
        double minute, AgentProcess agent, Exposition now, Exposition before, SlotHoles holes, Samples arrivals, double seconds,
        int changes)
    {
        var slots = holes.Read();
        var values = new Dictionary<string, double>
        {
            ["changes_per_second"] = changes / seconds,
            ["rss_mib"] = Status(agent, "VmRSS") / 1024,
            ["anon_mib"] = Status(agent, "RssAnon") / 1024,
            ["fds"] = Directory.GetFiles($"/proc/{agent.ProcessId}/fd").Length,
            ["threads"] = Status(agent, "Threads"),
            ["arrival_p50_ms"] = arrivals.Count == 0 ? double.NaN : arrivals.Median,
            ["arrival_p99_ms"] = arrivals.Count == 0 ? double.NaN : arrivals.Quantile(0.99),
            ["arrival_max_ms"] = arrivals.Count == 0 ? double.NaN : arrivals.Quantile(1),
            ["round_p50_ms"] = Round(0.5),
            ["round_p99_ms"] = Round(0.99),
            ["programming_p50_ms"] = Programming(0.5),
            ["programming_p99_ms"] = Programming(0.99),
            ["cpu_percent"] = (now.Sum("process_cpu_seconds_total") - before.Sum("process_cpu_seconds_total")) / seconds * 100,
            ["free_slots"] = slots.Free,
            ["largest_hole"] = slots.LargestHole,
            ["holes"] = slots.Holes,
            ["largest_service_id"] = slots.LargestServiceId,
            ["largest_backend_id"] = slots.LargestBackendId,
            ["not_programmed"] = now.Sum("ebpflb_services_not_programmed"),
            ["differences"] = now.Sum("ebpflb_verify_differences_total"),
            ["not_given_back"] = now.Sum("ebpflb_ids_not_given_back"),
            ["load"] = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture),
        };
        foreach (var (map, entries) in now.By("ebpflb_map_entries", "map").OrderBy(e => e.Key, StringComparer.Ordinal))
            if (entries > 0) values[$"entries_{map}"] = entries;
        return new SoakSample { Minute = minute, Values = values };

        double Round(double q) => now.Quantile("kubeproxy_sync_proxy_rules_duration_seconds", q, before) * 1000;
        double Programming(double q) => now.Quantile("kubeproxy_network_programming_duration_seconds", q, before) * 1000;
    }

    private static double Status(AgentProcess agent, string field) => double.Parse(
        File.ReadLines($"/proc/{agent.ProcessId}/status").First(line => line.StartsWith($"{field}:", StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
