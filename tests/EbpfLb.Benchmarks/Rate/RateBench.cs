using EbpfLb.Benchmarks.Reporting;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Benchmarks.Rate;

/// <summary>
/// TCP connect-request-answer-close, one after another, from a pod to a pod: through the ClusterIP against the pod's own address,
/// by the same client below the same hooks, in pairs.
/// </summary>
internal static class RateBench
{
    private const int Rounds = 101;
    private const int Requests = 2000;

    public static async Task RunAsync()
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        var client = node.AddPod("client");
        var pod = node.AddPod("server");
        using var server = PodServer.Start(pod.Place, "server", "8080", "8080");
        using var probe = NetProbe.Start(client.Place);
        var options = new DatapathOptions { Instance = node.Netns, CgroupRoot = node.Cgroup.Path };
        var rows = new List<string[]>();
        try
        {
            foreach (var services in (int[])[1, 10_000])
            {
                await using var dataplane = Dataplane.Open(options, NullLoggerFactory.Instance);
                dataplane.Apply(Table(services, $"{pod.IPv4}"));
                dataplane.Attach();
                rows.Add(Measure(services, probe, $"{pod.IPv4}:8080"));
            }
        }
        finally
        {
            Instances.Remove(options);
        }
        Report.Title("TCP connect-request-close", $"One client, {Requests} requests a run, {Rounds} interleaved pairs, median [quartiles].");
        Report.Table(["services", "pod address, requests/s", "ClusterIP, requests/s", "ratio"], rows);
    }

    private static string[] Measure(int services, NetProbe probe, string direct)
    {
        var (podRate, vipRate, ratio) = (new Samples(), new Samples(), new Samples());
        for (var round = 0; round <= Rounds; round++)
        {
            // Which one comes first changes: the second of a pair may profit from warm caches.
            var first = round % 2 == 0;
            var one = Rate(probe, first ? direct : "10.96.0.80:80");
            var two = Rate(probe, first ? "10.96.0.80:80" : direct);
            if (round == 0) continue;
            var (pod, vip) = first ? (one, two) : (two, one);
            podRate.Add(pod);
            vipRate.Add(vip);
            ratio.Add(vip / pod);
        }
        return [$"{services}", podRate.Text(), vipRate.Text(), ratio.Text("0.000")];
    }

    private static double Rate(NetProbe probe, string to)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var report = probe.Load(LoadMode.Tcp, to, Requests);
        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds;
        return report.IsClean ? Requests / seconds : throw new InvalidOperationException($"load failed: {report}");
    }

    private static ForwardingTable Table(int services, string pod)
    {
        var builder = new ClusterBuilder();
        builder.Service("target", ["10.96.0.80"], [":80"]).Slice("target-1", "target", [":8080"], [pod]);
        for (var i = 1; i < services; i++)
        {
            builder.Service($"other-{i}", [$"10.97.{i / 250}.{i % 250}"], [":80"])
                .Slice($"other-{i}-1", $"other-{i}", [":8080"], [.. Enumerable.Range(1, 10).Select(e => $"10.{128 + i / 6250}.{i / 25 % 250}.{i % 25 * 10 + e}")]);
        }
        return ForwardingCompiler.Compile(builder.Build(), PolicyOptions.Default, null);
    }
}
