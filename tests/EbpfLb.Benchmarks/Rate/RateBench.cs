using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Benchmarks.Rate;

/// <summary>
/// TCP connect-request-answer-close, one after another, from a pod to a pod: through the ClusterIP and to the pod's own address by
/// turns, request by request, by the same client below the same hooks.
/// </summary>
internal static class RateBench
{
    private const int Rounds = 41;
    private const int Requests = 2000;

    public static async Task RunAsync(Report report)
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
                dataplane.Services.Apply(Table(services, $"{pod.IPv4}"));
                dataplane.Hooks.Attach();
                rows.Add(Measure(services, probe, $"{pod.IPv4}:8080"));
            }
        }
        finally
        {
            Instances.Remove(options);
        }
        report.Title(
            "TCP connect-request-close",
            $"One client, the two destinations by turns, {Requests} requests to each a round, median [quartiles] of {Rounds} rounds.");
        report.Table(["services", "pod address, requests/s", "ClusterIP, requests/s", "ratio"], rows);
    }

    private static string[] Measure(int services, NetProbe probe, string direct)
    {
        var (podRate, vipRate, ratio) = (new Samples(), new Samples(), new Samples());
        for (var round = 0; round <= Rounds; round++)
        {
            var answer = probe.Do($"time-requests to={direct} and=10.96.0.80:80 count={Requests}");
            if (round == 0) continue;
            var (pod, vip) = (double.Parse(answer["to-ns"]), double.Parse(answer["and-ns"]));
            podRate.Add(1e9 / pod);
            vipRate.Add(1e9 / vip);
            ratio.Add(pod / vip);
        }
        return [$"{services:N0}", podRate.Text(), vipRate.Text(), ratio.Text("0.000")];
    }

    private static ForwardingTable Table(int services, string pod)
    {
        var builder = new ClusterBuilder();
        builder.Service("target", ["10.96.0.80"], [":80"]).Slice("target-1", "target", [":8080"], [pod]);
        for (var i = 1; i < services; i++)
        {
            builder.Service($"other-{i}", [$"10.97.{i / 250}.{i % 250}"], [":80"])
                .Slice($"other-{i}-1", $"other-{i}", [":8080"],
                    [.. Enumerable.Range(1, 10).Select(e => $"10.{128 + i / 6250}.{i / 25 % 250}.{i % 25 * 10 + e}")]);
        }
        return ForwardingCompiler.Compile(builder.Build(), PolicyOptions.Default, null);
    }
}
