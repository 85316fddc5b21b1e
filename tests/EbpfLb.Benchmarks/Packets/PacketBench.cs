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
    }
}
