using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>What `--traffic-counts` costs a packet: the same packets on a node with it and on one without, in turns.</summary>
internal static class TrafficBench
{
    private const int Rounds = 31;
    private const int Repeat = 50_000;

    public static void Run(Report report)
    {
        // What is sent on, and for comparison what is not.
        var cases = PacketCase.All.Where(what => what.Program is "b_in" or "b_out" or "b_xdp").ToList();
        var nodes = new[] { false, true }.ToDictionary(on => on, on => new BenchNode(2, on));
        var samples = new Dictionary<(PacketCase, Family, bool), Samples>();
        try
        {
            for (var round = 0; round < Rounds; round++)
            foreach (var what in cases)
            foreach (var family in Enum.GetValues<Family>())
            foreach (var (on, node) in nodes)
            {
                if (!samples.TryGetValue((what, family, on), out var of)) samples[(what, family, on)] = of = new Samples();
                of.Add(node.Measure(what, family, Repeat));
            }
        }
        finally
        {
            foreach (var node in nodes.Values) node.Dispose();
        }

        report.Title(
            "Packets with --traffic-counts: ns per packet",
            $"`BPF_PROG_TEST_RUN`, {Repeat} runs, median [quartiles] of {Rounds} interleaved rounds, TCP, one flow per row; the packet put "
                + "back is in all of them.");
        report.Table(
            ["packet", .. Enum.GetValues<Family>().SelectMany(family => (string[])[$"{family}, off", $"{family}, on", "ratio"])],
            cases.Select(what => (string[])
                [$"{what.Meaning} ({what.Program})", .. Enum.GetValues<Family>().SelectMany(family => Row(what, family))]));
        report.Figure("traffic.svg", "Packets with and without --traffic-counts", RowPlot.Draw(
            "Packets with and without --traffic-counts, IPv4", "ns a packet", ["off", "on"],
            [.. cases.Select(what => (what.ShortMeaning, (IReadOnlyList<double>)
                [samples[(what, Family.IPv4, false)].Median, samples[(what, Family.IPv4, true)].Median]))], "0"));

        string[] Row(PacketCase what, Family family)
        {
            var (off, on) = (samples[(what, family, false)], samples[(what, family, true)]);
            return [off.Text(), on.Text(), on.Over(off).Text("0.00")];
        }
    }
}
