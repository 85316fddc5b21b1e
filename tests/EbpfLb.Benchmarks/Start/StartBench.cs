using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using EbpfLb.Abi;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Bpf;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Start;

/// <summary>
/// The real agent as a process at 10,000 services and 100,000 endpoints, from a file and from an API server: from its start to
/// everything programmed, its memory, and a change from the source to the kernel.
/// </summary>
internal static class StartBench
{
    private const int Services = 10_000;
    private const int Endpoints = 10;
    private const int Starts = 7;
    private const int Changes = 500;

    private static readonly string Binary = Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");

    public static async Task RunAsync(Report report)
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        SmallestStart.Run(report, node, Binary);
        var cluster = new FakeCluster(Services, Endpoints);
        await using var api = await FakeApiServer.StartAsync(new FakeApiServerOptions { Netns = NetnsPath(node) });
        api.Load(cluster);
        var directory = Directory.CreateTempSubdirectory("ebpflb-bench-");
        try
        {
            var list = Path.Combine(directory.FullName, "all.json");
            using (var file = File.Create(list)) cluster.WriteList(file);
            var kubeconfig = Path.Combine(directory.FullName, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, Kubeconfig(api.Url));

            var rows = new List<string[]>();
            var figures = new Dictionary<string, Figures> { ["file"] = new(), ["API server"] = new() };
            for (var i = 0; i < Starts; i++)
            {
                // Interleaved, so that a slow minute of the machine does not hit one of them alone.
                await OnceAsync(node, ["--manifests", list], figures["file"]);
                await OnceAsync(node, ["--kubeconfig", kubeconfig], figures["API server"]);
            }
            foreach (var (source, f) in figures)
            {
                rows.Add([source, f.Start.Text(), f.Start.Over(figures["file"].Start).Text("0.00"), f.Kernel.Text("0.0"), f.Peak.Text(),
                    f.Settled.Text(), f.Restart.Text()]);
            }
            report.Title(
                $"Start at {Services} services and {Services * Endpoints} endpoints",
                $"The agent as a process, empty maps, median [quartiles] of {Starts} interleaved starts. Plan and "
                    + "apply: as the agent reports it, cold. Restart: the same over pinned maps, first plan empty.");
            report.Table(
                ["source", "start to all programmed, ms", "of file", "plan and apply, ms", "peak RSS, MiB", "RSS after 10 s, MiB",
                    "restart, ms"],
                rows);
            await ChangesAsync(report, node, kubeconfig, api, cluster);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task OnceAsync(NodeNetns node, string[] source, Figures figures)
    {
        using var agent = AgentProcess.Start(new AgentOptions(Binary, node, source));
        var synced = agent.LogLine("Synced: snapshot=1 ");
        var begun = agent.LogLine("Starting: ");
        figures.Start.Add((Time(synced) - ProcessStart(Number(begun, "pid"))).TotalMilliseconds);
        figures.Kernel.Add(agent.Json("status").GetProperty("lastPlan").GetProperty("applyMs").GetDouble());
        if (Number(synced, "operations") < Services) throw new InvalidOperationException($"not all was programmed: {synced}");
        await Task.Delay(TimeSpan.FromSeconds(10));
        figures.Settled.Add(Memory(Number(begun, "pid"), "VmRSS"));
        figures.Peak.Add(Memory(Number(begun, "pid"), "VmHWM"));

        agent.Kill();
        agent.Launch();
        agent.WaitUntilReady();
        if (agent.FirstPlanOperations() != 0) throw new InvalidOperationException("the first plan after a restart was not empty");
        figures.Restart.Add(
            (Time(agent.LogLine("Synced: snapshot=1 ")) - ProcessStart(Number(agent.LogLine("Starting: "), "pid"))).TotalMilliseconds);
    }

    /// <summary>
    /// From the moment the API server has the new object to the moment the kernel names the new list, seen by polling the map.
    /// </summary>
    private static async Task ChangesAsync(Report report, NodeNetns node, string kubeconfig, FakeApiServer api, FakeCluster cluster)
    {
        using var agent = AgentProcess.Start(new AgentOptions(Binary, node, "--kubeconfig", kubeconfig));
        using var services = BpfMap.OpenPinned<LbFrontend4, LbService>(
            Path.Combine(BpfFs.InstancePath(agent.Instance), "maps", Tables.Services4.Name));
        var ms = new Samples();
        for (var i = -50; i < Changes; i++)
        {
            var service = (i + 50) * 13 % Services;
            var key = new LbFrontend4 { Addr = Be32.FromHost(0x0a600001 + (uint)service), Port = Be16.FromHost(80), Proto = 6 };
            var before = services.Lookup(key);
            var start = Stopwatch.GetTimestamp();
            api.ReplaceEndpoint(cluster, service);
            while (services.Lookup(key) == before)
            {
                if (Stopwatch.GetElapsedTime(start).TotalSeconds > 10) throw new TimeoutException("a change did not arrive");
                // Both CPUs are needed: this process is the API server too.
                await Task.Delay(1);
            }
            if (i >= 0) ms.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.Delay(5);
        }
        report.Title(
            $"A change at {Services} services and {Services * Endpoints} endpoints, from the API server to the kernel",
            "One endpoint replaced in the fake API server until the kernel's map shows the new list (polled "
                + $"every millisecond): watch event, JSON, snapshot, compile, plan, flip. {Changes} changes.");
        report.Table(["median ms", "p99 ms", "max ms"],
            [[ms.Median.ToString("0.00"), ms.Quantile(0.99).ToString("0.00"), ms.Quantile(1).ToString("0.00")]]);
    }

    private static string NetnsPath(NodeNetns node) => node.Place.NetnsPath!;

    private static string Kubeconfig(Uri server) =>
        $$$"""
        apiVersion: v1
        kind: Config
        current-context: bench
        contexts: [{name: bench, context: {cluster: bench, user: bench} }]
        clusters: [{name: bench, cluster: {server: "{{{server}}}"} }]
        users: [{name: bench, user: {token: bench} }]
        """;

    private static DateTime Time(string line) => DateTime.Parse(line[..24], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);

    private static int Number(string line, string name) =>
        int.Parse(Regex.Match(line, $"{name}=([0-9]+)", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value);

    private static DateTime ProcessStart(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.StartTime.ToUniversalTime();
    }

    /// <summary>MiB of a line of /proc/PID/status.</summary>
    internal static double Memory(int pid, string field) => double.Parse(
        File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith(field, StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;

    private sealed class Figures
    {
        public Samples Start { get; } = new();

        public Samples Kernel { get; } = new();

        public Samples Peak { get; } = new();

        public Samples Settled { get; } = new();

        public Samples Restart { get; } = new();
    }
}
