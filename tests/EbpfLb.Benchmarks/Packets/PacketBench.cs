using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>What a packet costs in the tc programs, by its kind.</summary>
internal static class PacketBench
{
    private const int Rounds = 15;
    private const int Repeat = 50_000;

    public static void Run(Report report)
    {
        int[] sizes = [2, 10_000];
        var nodes = sizes.ToDictionary(size => size, size => new BenchNode(size));
        var samples = new Dictionary<(PacketCase, Family, int), Samples>();
        try
        {
            for (var round = 0; round < Rounds; round++)
            foreach (var what in PacketCase.All)
            foreach (var family in Enum.GetValues<Family>())
            foreach (var size in sizes)
            {
                if (!samples.TryGetValue((what, family, size), out var of)) samples[(what, family, size)] = of = new Samples();
                of.Add(nodes[size].Measure(what, family, Repeat));
            }
        }
        finally
        {
            foreach (var node in nodes.Values) node.Dispose();
        }

        report.Title(
            "Packets at tc: ns per packet",
            $"`BPF_PROG_TEST_RUN`, {Repeat} runs, median [quartiles] of {Rounds} "
                + "interleaved rounds, TCP, one flow per row (new flows: one per run). Of the floor: of the packet put "
                + "back, at 2 services.");
        report.Table(
            ["packet", .. Enum.GetValues<Family>().SelectMany(family => (string[])
                [$"{family}, 2 services", "of the floor", $"{family}, 10,000 services", "of 2 services"])],
            PacketCase.All.Select(what => (string[])[what.Meaning, .. Enum.GetValues<Family>().SelectMany(family => Row(what, family))]));
        report.Figure("packets.svg", "What a packet costs, by its kind", RowPlot.Draw(
            "Packets, 2 services", "ns a packet", ["IPv4", "IPv6"],
            // New flows cost ten times as much: `open` draws those.
            [.. PacketCase.All.Where(what => what.Program != "b_new").Select(what => (what.ShortMeaning, (IReadOnlyList<double>)
                [samples[(what, Family.IPv4, 2)].Median, samples[(what, Family.IPv6, 2)].Median]))], "0"));
        RunTunnels(report);

        string[] Row(PacketCase what, Family family)
        {
            var (few, many) = (samples[(what, family, sizes[0])], samples[(what, family, sizes[1])]);
            var floor = samples[(FloorOf(PacketCase.All, what), family, sizes[0])];
            return [few.Text(), few.Over(floor).Text("0.00"), many.Text(), many.Over(few).Text("0.00")];
        }
    }

    private static PacketCase FloorOf(PacketCase[] cases, PacketCase what) => cases.First(c => c.Program == what.Floor);

    private static void RunTunnels(Report report)
    {
        using var node = BenchNode.WithTunnels();
        var samples = PacketCase.Tunnels.ToDictionary(what => what, _ => new Samples());
        for (var round = 0; round < Rounds; round++)
        foreach (var what in PacketCase.Tunnels)
            samples[what].Add(node.Measure(what, Family.IPv4, Repeat));
        report.Part("tunnels");
        report.Title(
            "Packets in tunnels: ns per packet",
            "The same on a node with `--tunnel ipip`; what was put in front is taken away within the run.");
        report.Table(["packet", "IPv4", "of the floor"], PacketCase.Tunnels.Select(what => (string[])
            [what.Meaning, samples[what].Text(), samples[what].Over(samples[FloorOf(PacketCase.Tunnels, what)]).Text("0.00")]));
    }
}
