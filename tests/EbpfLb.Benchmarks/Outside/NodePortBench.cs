using System.Globalization;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// A client outside and a NodePort, whose backend is on the node or on another one: our program at tc and with XDP, kube-proxy's rules
/// and proxies, all in one interleaved run with the pod's own address through a node that forwards nothing.
/// </summary>
internal static class NodePortBench
{
    private const int Rounds = 9;
    private const int Milliseconds = 150;
    private const long StreamBytes = 24 << 20;
    private const string Bare = "bare";

    /// <summary>As bare, but by the way that packets of a NodePort go to a remote backend: by a node between, which only routes.</summary>
    private const string Routed = "routed";

    private static readonly string[] Peers =
    [
        "tc-1", "tc-10000", "xdp-1", "xdp-10000", "iptables-1", "iptables-1000", "iptables-10000", "nftables-1", "nftables-1000", "haproxy",
        "nginx",
    ];

    private enum Measure
    {
        Connect,
        Request,
        Stream,
    }

    /// <param name="part">"local" or "remote": only with backends there; null: both.</param>
    public static void Run(Report report, string? part)
    {
        var results = new Dictionary<string, Dictionary<(Measure, string), Figures>>();
        using (var bed = new Bed(Peers, asCards: true))
        {
            var routed = bed.RouteByNode();
            if (part is null or "local") results.Add("local", Run(bed, isRemote: false, bed.PodOf(Bare), bed.PodOf(Bare)));
            if (part is null or "remote") results.Add("remote", Run(bed, isRemote: true, bed.PodOf("far"), routed));
        }
        foreach (var (measure, title, file) in ((Measure, string, string)[])
            [
                (Measure.Connect, "TCP connect-request-close through a NodePort", "nodeport-connect.svg"),
                (Measure.Request, "TCP requests over one connection through a NodePort", "nodeport-request.svg"),
                (Measure.Stream, "One TCP stream each way through a NodePort", "nodeport-stream.svg"),
            ])
        {
            Print(report, measure, results);
            report.Figure(file, $"{title}, over that of the pod's own address", Draw(measure, title, results));
        }
    }

    private static Dictionary<(Measure, string), Figures> Run(Bed bed, bool isRemote, string bare, string routed)
    {
        foreach (var peer in Peers)
        {
            bed.Program(peer, bed[peer].Services, isRemote);
            Console.Error.WriteLine($"{peer}: programmed");
        }
        string[] all = [Bare, Routed, .. Peers];
        var to = Peers.ToDictionary(peer => peer, bed.NodePortOf);
        (to[Bare], to[Routed]) = (bare, routed);
        var figures = new Dictionary<(Measure, string), Figures>();
        foreach (var measure in Enum.GetValues<Measure>())
        {
            bed.RunOn(measure == Measure.Stream ? "0-1" : "0");
            var forwarded = bed["xdp-1"].Count("pkt_xdp");
            for (var round = 0; round <= Rounds; round++)
            {
                // Who comes first in a round comes last in the next one.
                var turn = (round % 2 == 0 ? all : all.Reverse()).ToDictionary(
                    peer => peer, peer => Once(bed, measure, to[peer]));
                if (round == 0) continue;
                foreach (var peer in all)
                {
                    var (rate, p50, p99) = turn[peer];
                    if (!figures.TryGetValue((measure, peer), out var of)) figures[(measure, peer)] = of = new Figures();
                    of.Rate.Add(rate);
                    of.P50.Add(p50);
                    of.P99.Add(p99);
                    of.OfBare.Add(rate / turn[Bare].Rate);
                    of.OfRouted.Add(rate / turn[Routed].Rate);
                    if (RulesOf(bed, peer) is { } rules) of.OfIptables.Add(rate / turn[rules].Rate);
                }
            }
            foreach (var peer in all) figures[(measure, peer)].Title = peer == Routed ? Routed : bed[peer].Title;
            figures[(measure, "xdp-1")].Forwarded = bed["xdp-1"].Count("pkt_xdp") - forwarded;
        }
        return figures;
    }

    /// <summary>Per second (Mbit of a stream), and latencies in microseconds.</summary>
    private static (double Rate, double P50, double P99) Once(Bed bed, Measure measure, string to)
    {
        if (measure == Measure.Stream)
        {
            var stream = bed.Probe.Do($"bulk to={to} up={StreamBytes} down={StreamBytes} timeout=30000");
            return (Number(stream, "mbit-per-second"), double.NaN, double.NaN);
        }
        var answer = bed.Probe.Do($"latency to={to} ms={Milliseconds} held={(measure == Measure.Request ? 1 : 0)}");
        return (1e9 / Number(answer, "mean-ns"), Number(answer, "p50-ns") / 1000, Number(answer, "p99-ns") / 1000);
    }

    private static double Number(ProbeAnswer answer, string key) => double.Parse(answer[key], CultureInfo.InvariantCulture);

    /// <summary>kube-proxy's rules for as many services; null: it has none.</summary>
    private static string? RulesOf(Bed bed, string peer)
        => peer is Bare or Routed ? null : Peers.First(p => bed[p].Kind == "iptables" && bed[p].Services == bed[peer].Services);

    private static void Print(Report report, Measure measure, Dictionary<string, Dictionary<(Measure, string), Figures>> results)
    {
        var isStream = measure == Measure.Stream;
        report.Title(
            measure switch
            {
                Measure.Connect => "NodePort, TCP connect-request-close",
                Measure.Request => "NodePort, TCP requests over one connection",
                _ => "NodePort, one TCP stream",
            },
            $"Median [quartiles] of {Rounds} rounds by turns, "
                + (isStream ? $"{StreamBytes >> 20} MiB each way at once a round."
                    : $"{Milliseconds} ms a round, everything on one CPU; p50 and p99 are medians of the rounds'."));
        string[] columns = isStream ? ["Mbit/s", "of bare", "of routed", "of iptables"]
            : ["a second", "p50, p99, µs", "of bare", "of routed", "of iptables"];
        report.Table(
            ["node", .. results.Keys.SelectMany(where => columns.Select(column => $"{where}: {column}"))],
            results.Values.First().Keys.Where(key => key.Item1 == measure).Select(key => (string[])
                [results.Values.First()[key].Title, .. results.Values.SelectMany(result => result[key].Cells(isStream))]));
        report.Text($"Packets that XDP forwarded meanwhile (\"xdp, 1 service\"): {string.Join(", ", results.Select(result
            => $"{result.Value[(measure, "xdp-1")].Forwarded:N0} with a {result.Key} backend"))}.");
    }

    private static Svg Draw(Measure measure, string title, Dictionary<string, Dictionary<(Measure, string), Figures>> results)
    {
        var rows = results.Values.First().Where(entry => entry.Key.Item1 == measure).Select(entry => (entry.Value.Title,
            (IReadOnlyList<double>)[.. results.Values.Select(result => result[entry.Key].OfBare.Median)])).ToList();
        return RowPlot.Draw(title, "rate over that of the pod's own address", [.. results.Keys.Select(key => $"{key} backend")], rows);
    }

    private sealed class Figures
    {
        public string Title { get; set; } = "";

        /// <summary>Packets that XDP took; of one peer.</summary>
        public long Forwarded { get; set; }

        public Samples Rate { get; } = new();

        public Samples P50 { get; } = new();

        public Samples P99 { get; } = new();

        public Samples OfBare { get; } = new();

        public Samples OfRouted { get; } = new();

        /// <summary>With as many services.</summary>
        public Samples OfIptables { get; } = new();

        public string[] Cells(bool isStream) =>
        [
            $"{Rate.Median:N0}", .. isStream ? (string[])[] : [$"{P50.Median:N0}, {P99.Median:N0}"], OfBare.Text("0.000"),
            OfRouted.Text("0.000"), OfIptables.Count > 0 ? OfIptables.Text("0.00") : "",
        ];
    }
}
