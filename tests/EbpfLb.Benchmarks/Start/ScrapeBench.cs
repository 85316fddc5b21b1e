using System.Diagnostics;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Start;

/// <summary>
/// What a scrape of the real agent costs, from the request to the last byte, with and without series of single service ports.
/// </summary>
internal static class ScrapeBench
{
    private const int Services = 1_000;
    private const int Scrapes = 300;

    public static void Run()
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        var directory = Directory.CreateTempSubdirectory("ebpflb-bench-");
        try
        {
            var list = Path.Combine(directory.FullName, "all.json");
            using (var file = File.Create(list)) new FakeCluster(Services, 2).WriteList(file);
            var binary = Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");
            Report.Title($"A scrape of /metrics at {Services} services",
                $"The agent as a process; median [quartiles] of {Scrapes} scrapes "
                    + "one after another. CPU is the agent's, all threads.");
            var rows = new List<string[]>();
            foreach (var series in new[] { 0, Services })
            {
                using var agent = AgentProcess.Start(new AgentOptions(binary, node, "--manifests", list, "--service-metrics", $"{series}"));
                for (var i = 0; i < 20; i++) agent.Metrics();
                var ms = new Samples();
                var cpu = Cpu(agent);
                for (var i = 0; i < Scrapes; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    agent.Metrics();
                    ms.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                cpu = Cpu(agent) - cpu;
                rows.Add([$"{series}", $"{agent.Metrics().Length}", ms.Text("0.00"), (cpu * 1000 / Scrapes).ToString("0.00")]);
            }
            Report.Table(["series of service ports", "bytes", "ms", "CPU, ms"], rows);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static double Cpu(AgentProcess agent) => double.Parse(
        agent.MetricsOf("process_cpu_seconds_total ").Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
}
