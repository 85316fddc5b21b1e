using System.Diagnostics;
using System.Net;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Start;

/// <summary>What a start costs before there is anything to program, and a command that asks nobody.</summary>
internal static class SmallestStart
{
    private const int Runs = 15;

    private const string OneService =
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec: {clusterIP: 10.96.0.80, clusterIPs: [10.96.0.80], ports: [{port: 80, targetPort: 8080, protocol: TCP}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints: [{addresses: [10.244.0.5], conditions: {ready: true}}]
        """;

    public static void Run(Report report, NodeNetns node, string binary)
    {
        var directory = Directory.CreateTempSubdirectory("ebpflb-bench-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "one.yaml"), OneService);
            Samples start = new(), memory = new(), version = new();
            for (var i = 0; i < Runs; i++)
            {
                start.Add(StartMs(new AgentOptions(binary, node, "--manifests", directory.FullName), memory));
                version.Add(VersionMs(binary));
            }
            report.Title(
                "Start with one Service",
                "The agent as a process, empty maps, one manifest: from the start of the process to /readyz 200, "
                    + $"asked again every millisecond or so. {Runs} interleaved runs, median [quartiles].");
            report.Table(["start to ready, ms", "peak RSS when ready, MiB", "`ebpflb version`, ms"],
                [[start.Text(), memory.Text(), version.Text()]]);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static double StartMs(AgentOptions options, Samples memory)
    {
        var begun = Stopwatch.GetTimestamp();
        using var agent = AgentProcess.Begin(options);
        while (agent.Health() != HttpStatusCode.OK)
        {
            if (Stopwatch.GetElapsedTime(begun).TotalSeconds > 60) throw new TimeoutException($"the agent is not ready:\n{agent.EndOfLog}");
            Thread.Sleep(1);
        }
        var elapsed = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        memory.Add(StartBench.Memory(agent.ProcessId, "VmHWM"));
        return elapsed;
    }

    private static double VersionMs(string binary)
    {
        var begun = Stopwatch.GetTimestamp();
        var (code, output) = ChildProcess.Run(new ProcessPlace(null, null), binary, "version");
        return code == 0 ? Stopwatch.GetElapsedTime(begun).TotalMilliseconds : throw new InvalidOperationException(output);
    }
}
