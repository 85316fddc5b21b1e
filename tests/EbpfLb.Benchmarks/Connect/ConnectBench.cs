using EbpfLb.Benchmarks.Reports;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Benchmarks.Connect;

/// <summary>
/// What a connect() of a UDP socket costs with no hook, with an empty hook and with ours, from real sockets of one program
/// in three cgroups of one namespace. UDP, because its connect() is nothing but a route lookup: the hook is as visible as it gets.
/// </summary>
internal static class ConnectBench
{
    private const int Rounds = 25;
    private const string Vip = "10.96.0.80:80";
    private const string Elsewhere = "127.0.0.1:8080";

    public static async Task RunAsync(Report report, byte[] hooks)
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        var place = node.Place with { CgroupPath = null };
        using var bare = NetProbe.Start(place with { CgroupPath = node.Cgroup.Child("bare").Path });
        using var empty = NetProbe.Start(place with { CgroupPath = node.Cgroup.Child("empty").Path });
        using var ours = NetProbe.Start(place with { CgroupPath = node.Cgroup.Child("ours").Path });

        using var bpf = BpfObject.Open(hooks);
        bpf.Load();
        using var program = bpf.OpenProgram("memory_empty");
        using var link = BpfLink.AttachCgroup(program, node.Cgroup.Child("empty").Path, AttachType.CgroupInet4Connect);

        var options = new DatapathOptions { Instance = node.Netns, CgroupRoot = node.Cgroup.Child("ours").Path };
        var (rows, bars) = (new List<string[]>(), new List<(string Name, IReadOnlyList<double> Values)>());
        try
        {
            foreach (var services in (int[])[1, 10_000])
            {
                await using var dataplane = Dataplane.Open(options, NullLoggerFactory.Instance);
                dataplane.Services.Apply(Table(services));
                dataplane.Hooks.Attach();
                foreach (var same in (bool[])[true, false])
                {
                    var (row, medians) = Measure(services, same, bare, empty, ours);
                    rows.Add(row);
                    bars.Add(($"{services:N0}, {row[1]}", medians));
                }
            }
        }
        finally
        {
            Instances.Remove(options);
        }
        report.Title(
            "connect(): ns per call",
            "UDP sockets: one socket again and again, and fresh ones (500 a batch). "
                + $"Median [quartiles] of {Rounds} interleaved rounds.");
        report.Table(["services", "sockets", "no hook", "empty hook", "ours, no service", "ours, ClusterIP", "no service minus empty",
                "no service, of empty", "ClusterIP minus no hook", "ClusterIP, of no hook"],
            rows);
        report.Figure("connect.svg", "A connect() of a UDP socket with and without hooks, by services and sockets", Plot.Bars(
            "A connect() of a UDP socket, by services and sockets", "ns", ["no hook", "empty hook", "no service", "ClusterIP"], bars));
    }

    private static (string[] Row, double[] Medians) Measure(int services, bool same, NetProbe bare, NetProbe empty, NetProbe ours)
    {
        (NetProbe Probe, string To)[] cases = [(bare, Elsewhere), (empty, Elsewhere), (ours, Elsewhere), (ours, Vip)];
        var samples = cases.Select(_ => new Samples()).ToArray();
        var (missOverEmpty, hitOverBare) = (new Samples(), new Samples());
        for (var round = 0; round < Rounds; round++)
        {
            var ns = cases.Select(c
                => c.Probe.Do($"time-connect mode=udp to={c.To} batch={(same ? 20_000 : 500)} rounds=5 same={(same ? 1 : 0)}")["median-ns"])
                .Select(double.Parse).ToArray();
            for (var i = 0; i < ns.Length; i++) samples[i].Add(ns[i]);
            missOverEmpty.Add(ns[2] - ns[1]);
            hitOverBare.Add(ns[3] - ns[0]);
        }
        string[] row =
        [
            $"{services:N0}", same ? "same" : "fresh", .. samples.Select(s => s.Text()),
            missOverEmpty.Text(), samples[2].Over(samples[1]).Text("0.00"), hitOverBare.Text(), samples[3].Over(samples[0]).Text("0.00"),
        ];
        return (row, [.. samples.Select(s => s.Median)]);
    }

    /// <summary>The service under test, and others beside it.</summary>
    private static ForwardingTable Table(int services)
    {
        var builder = new ClusterBuilder();
        builder.Service("target", ["10.96.0.80"], [":80/UDP"])
            .Slice("target-1", "target", [":8080/UDP"], ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
        for (var i = 1; i < services; i++)
        {
            builder.Service($"other-{i}", [$"10.97.{i / 250}.{i % 250}"], [":80"])
                .Slice($"other-{i}-1", $"other-{i}", [":8080"],
                    [.. Enumerable.Range(1, 10).Select(e => $"10.{128 + i / 6250}.{i / 25 % 250}.{i % 25 * 10 + e}")]);
        }
        return ForwardingCompiler.Compile(builder.Build(), PolicyOptions.Default, null);
    }
}
