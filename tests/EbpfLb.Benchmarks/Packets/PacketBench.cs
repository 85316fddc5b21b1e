using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>What a packet costs in the tc programs, by its kind.</summary>
internal static class PacketBench
{
    private const int Rounds = 15;
    private const int Repeat = 50_000;

    public static void Run()
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

        Report.Title(
            "Packets at tc: ns per packet",
            $"`BPF_PROG_TEST_RUN`, {Repeat} runs, median [quartiles] of {Rounds} "
                + "interleaved rounds, TCP, one flow per row (new flows: one per run).");
        Report.Table(
            ["packet", .. from family in Enum.GetValues<Family>() from size in sizes select $"{family}, {size} services"],
            PacketCase.All.Select(what => (string[])
                [what.Meaning, .. from family in Enum.GetValues<Family>() from size in sizes select samples[(what, family, size)].Text()]));
        RunTunnels();
    }

    private static void RunTunnels()
    {
        using var node = BenchNode.WithTunnels();
        var samples = PacketCase.Tunnels.ToDictionary(what => what, _ => new Samples());
        for (var round = 0; round < Rounds; round++)
        foreach (var what in PacketCase.Tunnels)
            samples[what].Add(node.Measure(what, Family.IPv4, Repeat));
        Report.Title(
            "Packets in tunnels: ns per packet",
            "The same on a node with `--tunnel ipip`; what was put in front is taken away within the run.");
        Report.Table(["packet", "IPv4"], PacketCase.Tunnels.Select(what => (string[])[what.Meaning, samples[what].Text()]));
    }
}
