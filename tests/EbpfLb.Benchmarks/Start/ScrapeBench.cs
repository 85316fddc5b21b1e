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

    public static void Run(Report report)
    {
        using var topology = NetnsTopology.Create();
        var agents = new List<AgentProcess>();
        var directory = Directory.CreateTempSubdirectory("ebpflb-bench-");
        try
        {
            var list = Path.Combine(directory.FullName, "all.json");
            using (var file = File.Create(list)) new FakeCluster(Services, 2).WriteList(file);
            var binary = Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");
            int[] all = [0, Services];
            foreach (var series in all)
            {
                agents.Add(AgentProcess.Start(new AgentOptions(
                    binary, topology.AddNode($"s{series}"), "--manifests", list, "--service-metrics", $"{series}")));
            }
            var ms = all.Select(_ => new Samples()).ToArray();
            for (var i = 0; i < 20; i++) agents.ForEach(agent => agent.Metrics());
            var before = agents.ConvertAll(Cpu);
            for (var i = 0; i < Scrapes; i++)
            {
                foreach (var (at, agent) in agents.Index())
                {
                    var start = Stopwatch.GetTimestamp();
                    agent.Metrics();
                    ms[at].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }
            report.Title($"A scrape of /metrics at {Services} services",
                $"Two agents as processes; median [quartiles] of {Scrapes} scrapes of each by turns. CPU is the agent's, all threads.");
            report.Table(["series of service ports", "bytes", "ms", "of none", "CPU, ms"], all.Select((series, i) => (string[])
            [
                $"{series:N0}", $"{agents[i].Metrics().Length:N0}", ms[i].Text("0.00"), ms[i].Over(ms[0]).Text("0.00"),
                ((Cpu(agents[i]) - before[i]) * 1000 / Scrapes).ToString("0.00"),
            ]));
        }
        finally
        {
            agents.ForEach(agent => agent.Dispose());
            directory.Delete(recursive: true);
        }
    }

    private static double Cpu(AgentProcess agent) => double.Parse(
        agent.MetricsOf("process_cpu_seconds_total ").Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
}
