using EbpfLb.Benchmarks.Reports;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// One client outside that never stops: soon it has had all its ports, the node all source ports towards the one remote backend, and the
/// backend holds that many connections in TIME_WAIT.
/// </summary>
internal static class LastingBench
{
    private const int Windows = 6;
    private const int Rounds = 20;
    private const int Requests = 1000;

    public static void Run(Report report)
    {
        using var bed = new Bed(["tc"]);
        bed.Program("tc", services: 1, remote: true);
        var (rows, line) = (new List<string[]>(), new List<(double, double)>());
        for (var window = 0; window < Windows; window++)
        {
            var ratios = new Samples();
            for (var round = 0; round < Rounds; round++)
                ratios.Add(OutsideBench.Ratio(bed.Probe, bed.PodOf("far"), bed.NodePortOf("tc"), Requests));
            rows.Add([$"{window * Rounds * Requests}-{(window + 1) * Rounds * Requests}", ratios.Text("0.000")]);
            line.Add(((window + 1) * Rounds * Requests / 1000.0, ratios.Median));
            Console.Error.WriteLine(string.Join(" ", rows[^1]));
        }
        report.Title("NodePort, one client without a pause",
            "TCP connect-request-close to a remote backend at 1 service, over the rate to the pod by a "
                + $"node without rules, by turns; median [quartiles] of {Rounds} rounds of {Requests}.");
        report.Table(["requests so far", "ratio"], rows);
        report.Figure("lasting.svg", "Rate through a NodePort over that of the pod's own address, by requests so far", Plot.Lines(
            "NodePort, one client without a pause, 1 is the pod's own address", "thousands of requests so far", "rate over that",
            [("tc", line)]));
    }
}
