using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// A client outside and NodePorts: our program against rules as kube-proxy lays them, each by turns with the pod's own address
/// through a node without any rules; and what plain traffic between pods pays on such a node.
/// </summary>
internal static class OutsideBench
{
    private const int Rounds = 9;
    private const int Requests = 1000;
    private const int StreamRounds = 5;
    private const long StreamBytes = 128 << 20;

    private static readonly string[] Peers = ["tc", "iptables", "nftables"];

    public static void Run(Report report)
    {
        using var bed = new Bed(Peers);
        var (requests, plain, streams) = (new Table(), new Table(), new Table());
        foreach (var services in (int[])[1, 10_000, 1000])
        {
            // Thousands of services in one `nft -f` lock a CPU in the kernel for half a minute.
            string[] peers = services > 1000 ? ["tc", "iptables"] : Peers;
            foreach (var remote in (bool[])[false, true])
            {
                foreach (var peer in peers) bed.Program(peer, services, remote);
                var direct = bed.PodOf(remote ? "far" : "bare");
                Compare(requests, peers, $"{services:N0}", remote ? "remote" : "local",
                    peer => Ratio(bed.Probe, direct, bed.NodePortOf(peer), Requests));
                Compare(streams, peers, $"{services:N0}", remote ? "remote" : "local",
                    peer => Stream(bed.Probe, direct, bed.NodePortOf(peer)), StreamRounds);
            }
            Compare(plain, peers, $"{services:N0}", "between nodes",
                peer => Ratio(bed.Other, bed.PodOf("bare"), bed.PodOf(peer), Requests));
            Compare(plain, peers, $"{services:N0}", "on the node", peer => Inner(bed, peer));
        }
        requests.Write(report, "NodePort, TCP connect-request-close", "backend", "outside.svg",
            "Rate through the NodePort over the rate to the pod by a node without rules, "
                + $"by turns; median [quartiles] of {Rounds} rounds of {Requests}.");
        report.Part("streams");
        streams.Write(report, "NodePort, one stream", "backend", "outside-streams.svg",
            $"Throughput over that of the pod by a node without rules, {StreamBytes >> 20} "
                + $"MiB each way at once; median [quartiles] of {StreamRounds} rounds.");
        report.Part("pods");
        plain.Write(report, "Pod to pod, TCP connect-request-close", "pods", "outside-pods.svg",
            "No service at all: the rate on a node with rules over that without; "
                + $"median [quartiles] of {Rounds} rounds of {Requests}.");
    }

    /// <summary>All peers by turns, round by round.</summary>
    private static void Compare(
        Table table, string[] peers, string services, string what, Func<string, double> measure, int rounds = Rounds)
    {
        var samples = peers.ToDictionary(peer => peer, _ => new Samples());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var peer in peers)
            {
                var ratio = measure(peer);
                if (round > 0) samples[peer].Add(ratio);
            }
        }
        table.Bars.Add(($"{what}, {services} {(services == "1" ? "service" : "services")}",
            [.. Peers.Select(peer => samples.TryGetValue(peer, out var of) ? of.Median : double.NaN)]));
        foreach (var peer in peers)
        {
            table.Rows.Add([services, what, peer, samples[peer].Text("0.000"), samples[peer].Over(samples["iptables"]).Text("0.00")]);
            Console.Error.WriteLine(string.Join(" ", table.Rows[^1]));
        }
    }

    public static double Ratio(NetProbe probe, string direct, string measured, int requests)
    {
        var answer = probe.Do($"time-requests to={direct} and={measured} count={requests}");
        return double.Parse(answer["to-ns"]) / double.Parse(answer["and-ns"]);
    }

    /// <summary>On the same node: no two destinations of one client, so the bare node and the other one by turns.</summary>
    private static double Inner(Bed bed, string peer)
    {
        var (bare, other) = (0.0, 0.0);
        for (var i = 0; i < 10; i++)
        {
            bare += Time(bed.Inside["bare"], bed.PodOf("bare"));
            other += Time(bed.Inside[peer], bed.PodOf(peer));
        }
        return bare / other;

        static double Time(NetProbe probe, string to) =>
            double.Parse(probe.Do($"time-requests to={to} and={to} count={Requests / 20}")["to-ns"]);
    }

    private static double Stream(NetProbe probe, string direct, string measured)
    {
        var bare = probe.Do($"bulk to={direct} up={StreamBytes} down={StreamBytes}");
        var other = probe.Do($"bulk to={measured} up={StreamBytes} down={StreamBytes}");
        return double.Parse(other["mbit-per-second"]) / double.Parse(bare["mbit-per-second"]);
    }

    private sealed class Table
    {
        public List<string[]> Rows { get; } = [];

        /// <summary>A bar for each peer.</summary>
        public List<(string Name, IReadOnlyList<double> Values)> Bars { get; } = [];

        /// <param name="report">Where to.</param>
        /// <param name="title">Of table and figure.</param>
        /// <param name="column">What differs beside the number of services.</param>
        /// <param name="file">Of the figure.</param>
        /// <param name="how">How it was measured.</param>
        public void Write(Report report, string title, string column, string file, string how)
        {
            report.Title(title, how);
            report.Table(["services", column, "node", "ratio", "of iptables"], Rows);
            report.Figure(file, $"{title}: rate over that of a node without rules", RowPlot.Draw(
                title, "1 is a node without rules", Peers, Bars));
        }
    }
}
