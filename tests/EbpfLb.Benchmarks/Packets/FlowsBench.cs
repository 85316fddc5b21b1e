using EbpfLb.Abi;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>
/// What a packet of an established flow costs when it may be of any of so many. The first packet of a flow in a second also writes down
/// that time; the same packets are sent at once again for what the others cost.
/// </summary>
internal static class FlowsBench
{
    private const int Rounds = 9;
    private const int Repeat = 50_000;
    private static readonly int[] Sizes = [1, 1_000, 10_000, 100_000, 1_000_000];

    private static readonly string[] Columns = [.. Sizes.Select(size => size == 1 ? "1 flow" : $"{size:#,0} flows"), "of 1 flow"];

    private static readonly (string Meaning, string Program)[] Rows =
    [
        ("the packet alone (the floor of all rows below)", FlowsNode.Floor),
        ("request, first of its flow in a second", FlowsNode.Requests),
        ("request, the same packets again", FlowsNode.Requests),
        ("reply, first of its flow in a second", FlowsNode.Replies),
        ("reply, the same packets again", FlowsNode.Replies),
    ];

    public static void Run(Report report)
    {
        var samples = new Dictionary<(string, Family, int), Samples>();
        Samples SamplesOf(string meaning, Family family, int size)
            => samples.TryGetValue((meaning, family, size), out var of) ? of : samples[(meaning, family, size)] = new Samples();
        Dictionary<Family, Samples> opening;
        using (var node = new FlowsNode(Sizes[^1]))
        {
            opening = node.Opening;
            for (var round = 0; round < Rounds; round++)
            foreach (var family in Enum.GetValues<Family>())
            foreach (var size in Sizes)
            {
                // What was written down in the round before is over.
                Thread.Sleep(TimeSpan.FromSeconds(1.1));
                foreach (var (meaning, program) in Rows)
                    SamplesOf(meaning, family, size).Add(node.Measure(program, family, size, (ulong)round, Repeat));
            }
        }

        report.Title(
            "Established flows at tc: ns per packet",
            $"`BPF_PROG_TEST_RUN`, {Repeat} packets, median [quartiles] of {Rounds} interleaved rounds, TCP to a "
                + "pod of this node, each packet of a flow at random of the first so many of 1,000,000.");
        report.Table(
            ["packet",
                ..
                    from family in Enum.GetValues<Family>()
                    from column in Columns
                    select $"{family}, {column}"],
            Rows.Select(row => (string[])
                [row.Meaning, .. Enum.GetValues<Family>().SelectMany(family => Cells(size => samples[(row.Meaning, family, size)]))]));
        report.Text("A new flow to this node, while the table fills and none gives way: "
            + $"{string.Join(", ", opening.Select(o => $"{o.Key} {o.Value.Text()}"))}.");
        var lines = new List<(string Name, IReadOnlyList<(double X, double Y)> Points)>
        {
            ("to this node", [.. Sizes.Select(size => ((double)size, samples[(Rows[2].Meaning, Family.IPv4, size)].Median))]),
        };
        lines.AddRange(RunAway(
            report,
            "snat",
            "Flows by SNAT to another node: ns per packet",
            $"The same at tc and by XDP, IPv4, requests to {FrontNode.Backends} backends of another node.",
            [new(LbTunnel.None, Family.IPv4, "", BySnat)],
            ("at tc", "SNAT, tc"), ("in front of the stack", "SNAT, XDP")));
        lines.AddRange(RunAway(
            report,
            "tunnels",
            "Flows in tunnels in front of the stack: ns per packet",
            $"The same by XDP, IPv4 in IPv4, to {FrontNode.Backends} backends of another node; of the flows with an entry, {Sizes[^1]:#,0} "
                + "are open in all columns.",
            [new(LbTunnel.Ipip, Family.IPv4, "", ByTunnel)],
            ("of a flow with an entry", "DSR, entry"), ("of a flow without an entry", "DSR, none")));
        RunAway(
            report,
            "others",
            "Flows by IPv6 and by Geneve: ns per packet",
            $"The same, to {FrontNode.Backends} backends of another node, each group of rows beside its own floor and after the others.",
            [
                new(LbTunnel.None, Family.IPv6, "IPv6 by SNAT, ", BySnat), new(LbTunnel.Ipip, Family.IPv6, "IPv6 in IPv6, ", ByTunnel),
                new(LbTunnel.Geneve, Family.IPv4, "IPv4 in Geneve, ", ByTunnel),
            ]);
        report.Part("snat");
        report.Figure("flows.svg", "A packet of an established flow by the number of open flows", Plot.Lines(
            "A packet of an established flow, IPv4", "open flows, taken at random", "ns", lines));
    }

    /// <summary>All sizes, and the largest over the smallest one.</summary>
    private static IEnumerable<string> Cells(Func<int, Samples> samples)
        => [.. Sizes.Select(size => samples(size).Text()), samples(Sizes[^1]).Over(samples(Sizes[0])).Text("0.0")];

    private static (string Meaning, string Program, Func<FrontNode, PacketBuilder> Packet)[] BySnat =>
    [
        ("the packet alone at tc (floor)", FrontNode.TcFloor, node => node.Tracked(TcpFlags.Ack)),
        ("at tc", FrontNode.TcProgram, node => node.Tracked(TcpFlags.Ack)),
        ("the packet alone in front of the stack (floor)", FrontNode.SnatFloor, node => node.Tracked(TcpFlags.Ack)),
        ("in front of the stack", FrontNode.SnatProgram, node => node.Tracked(TcpFlags.Ack)),
    ];

    private static (string Meaning, string Program, Func<FrontNode, PacketBuilder> Packet)[] ByTunnel =>
    [
        ("the packet alone, with a header put in front and taken off (floor)", FrontNode.Floor, node => node.Tracked(TcpFlags.Ack)),
        ("of a flow with an entry", FrontNode.Program, node => node.Tracked(TcpFlags.Ack)),
        ("of a flow without an entry", FrontNode.Program, node => node.Untracked(TcpFlags.Ack)),
        ("the first of a flow without an entry", FrontNode.Program, node => node.Untracked(TcpFlags.Syn)),
    ];

    /// <param name="groups">One after the other, as each takes the memory of all flows.</param>
    /// <param name="drawn">Which rows are lines of the plot, and by what name.</param>
    private static IEnumerable<(string Name, IReadOnlyList<(double X, double Y)> Points)> RunAway(
        Report report, string part, string title, string text, Group[] groups, params (string Meaning, string Name)[] drawn)
    {
        var samples = new Dictionary<(string, int), Samples>();
        foreach (var group in groups)
        {
            using var node = new FrontNode(Sizes[^1], group.Tunnel, group.Family);
            for (var round = 0; round < Rounds; round++)
            foreach (var size in Sizes)
            foreach (var (meaning, program, packet) in group.Rows)
            {
                var row = (group.Name + meaning, size);
                if (!samples.TryGetValue(row, out var of)) samples[row] = of = new Samples();
                of.Add(node.Measure(program, packet(node), size, (ulong)round, Repeat));
            }
        }
        report.Part(part);
        report.Title(title, text);
        report.Table(
            ["packet", .. Columns],
            groups.SelectMany(group => group.Rows.Select(row => group.Name + row.Meaning))
                .Select(row => (string[])[row, .. Cells(size => samples[(row, size)])]));
        return drawn.Select(line => (line.Name,
            (IReadOnlyList<(double, double)>)[.. Sizes.Select(size => ((double)size, samples[(line.Meaning, size)].Median))]));
    }

    /// <param name="Name">What its rows begin with.</param>
    private sealed record Group(
        LbTunnel Tunnel, Family Family, string Name, (string Meaning, string Program, Func<FrontNode, PacketBuilder> Packet)[] Rows);
}
