using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>enum bench_step of bpf/bench/open.bpf.c: the steps of a new flow, in order.</summary>
internal enum OpenStep
{
    Parse,
    Choose,
    Route,
    Clock,
    Claim,
    Tracked,
    Request,
    Filter,
    Ring,
    Count,
}

/// <summary>
/// What each step of a new flow costs: the program stops after each in turn, and a step is the difference to the one before. With the
/// objects of another build: how much longer or shorter a new flow takes than with those.
/// </summary>
internal static class OpenBench
{
    private const int Rounds = 15;

    /// <summary>Flows of a measurement: all of what they touch stays in the caches, or does not.</summary>
    private static readonly int[] Sizes = [500, 20_000];

    private static readonly (OpenStep Step, string Meaning, bool OnlyRemote)[] Steps =
    [
        (OpenStep.Parse, "headers, destination filter, conntrack (no such flow)", false),
        (OpenStep.Choose, "service, source, backend", false),
        (OpenStep.Route, "route, source address", true),
        (OpenStep.Clock, "client's timestamp", true),
        (OpenStep.Claim, "reply entry (remote: and source port)", false),
        (OpenStep.Tracked, "nf_conntrack: whose is the port", true),
        (OpenStep.Request, "request entry", false),
        (OpenStep.Filter, "destination filter's bits", false),
        (OpenStep.Ring, "place among half-open flows", false),
        (OpenStep.Count, "counters", false),
    ];

    private static readonly (Family Family, bool ToRemote)[] Columns =
        [.. from family in Enum.GetValues<Family>() from toRemote in new[] { false, true } select (family, toRemote)];

    /// <param name="other">Directory of the objects of another build (its build/bpf), or null.</param>
    public static void Run(Report report, string? other)
    {
        string[] builds = other is null ? [Own] : [Own, other];
        var nodes = builds.ToDictionary(build => build, build => new OpenNode(build));
        var samples = new Dictionary<(string Build, int Flows, string Row, Family, bool ToRemote), Samples>();
        try
        {
            for (var round = 0; round < Rounds; round++)
            foreach (var flows in Sizes)
            foreach (var (family, toRemote) in Columns)
            foreach (var build in round % 2 == 0 ? builds : builds.Reverse())
            {
                // A measurement of few flows is short: the machine's own work hits few of them, and those hard.
                for (var again = 0; again < Sizes[^1] / flows && again < 8; again++)
                foreach (var (row, ns) in Measure(nodes[build], family, toRemote, flows, stepByStep: other is null))
                {
                    var key = (build, flows, row, family, toRemote);
                    if (!samples.TryGetValue(key, out var of)) samples[key] = of = new Samples();
                    of.Add(ns);
                }
            }
        }
        finally
        {
            foreach (var node in nodes.Values) node.Dispose();
        }

        foreach (var flows in Sizes)
        {
            report.Title(
                $"New flows at tc: ns, {flows:#,0} flows into empty tables",
                $"`BPF_PROG_TEST_RUN`, median [quartiles] of {Rounds} interleaved rounds, TCP; tables are emptied outside of the timing.");
            // To another node first: those are all steps, in their order.
            var rows = samples.Keys.Where(key => key.Build == Own && key.Flows == flows).OrderBy(key => key.ToRemote ? 0 : 1)
                .Select(key => key.Row).Distinct();
            report.Table(
                ["step", .. Columns.Select(c => $"{c.Family}, {(c.ToRemote ? "another node" : "this node")}")],
                rows.Select(row => (string[])[row, .. Columns.Select(c => Cell(row, c))]));
            if (other is null && flows == Sizes[0]) Draw(report, (row, c) => samples[(Own, flows, row, c.Family, c.ToRemote)].Median);

            string Cell(string row, (Family Family, bool ToRemote) c)
            {
                if (!samples.TryGetValue((Own, flows, row, c.Family, c.ToRemote), out var own)) return "";
                return other is null ? own.Text()
                    : $"{own.Text()}, {own.Median / samples[(other, flows, row, c.Family, c.ToRemote)].Median:0.000}";
            }
        }
    }

    private static void Draw(Report report, Func<string, (Family Family, bool ToRemote), double> median)
        => report.Figure("open.svg", "What each step of a new flow costs", RowPlot.Draw(
            $"A new flow at tc, step by step, {Sizes[0]} flows into empty tables, IPv4", "ns", ["this node", "another node"],
            [.. Steps.Select(step => (step.Meaning, (IReadOnlyList<double>)
                [step.OnlyRemote ? double.NaN : median(step.Meaning, Columns[0]), median(step.Meaning, Columns[1])]))], "0"));

    private static string Own => Path.Combine(RepositoryPaths.Root, "build", "bpf");

    private static IEnumerable<(string Row, double Nanoseconds)> Measure(
        OpenNode node, Family family, bool toRemote, int flows, bool stepByStep)
    {
        double Fresh(string program, OpenStep last = default)
        {
            if (stepByStep) node.EmptyTables();
            // What flows touch is in the caches again, as far as they take it.
            node.Measure(OpenNode.Whole, family, toRemote, flows);
            node.Measure(OpenNode.Remove, family, toRemote, flows);
            node.EmptyRing(flows);
            return node.Measure(program, family, toRemote, flows, last);
        }

        var floor = Fresh(OpenNode.Floor);
        yield return ("the packet alone", floor);
        if (stepByStep)
        {
            var before = floor;
            foreach (var (step, meaning, onlyRemote) in Steps)
            {
                if (onlyRemote && !toRemote) continue;
                var now = Fresh(OpenNode.Steps, step);
                yield return (meaning, now - before);
                before = now;
            }
            yield return ("**all of it, and the packet rewritten and sent**", Fresh(OpenNode.Whole));
        }
        else
        {
            yield return ("a new flow", Fresh(OpenNode.Whole));
        }
        if (node.Flows() != flows) throw new InvalidOperationException($"{node.Flows()} flows, not {flows}");

        // The ring has gone round: the flow whose place it was is there no more, or gives way.
        node.Measure(OpenNode.Remove, family, toRemote, flows);
        node.Measure(OpenNode.Whole, family, toRemote, flows, first: flows, places: (uint)flows);
        node.Measure(OpenNode.Remove, family, toRemote, flows, first: flows);
        yield return ("the same, its place had a flow that is gone",
            node.Measure(OpenNode.Whole, family, toRemote, flows, places: (uint)flows));
        yield return ("the same, a half-open flow gives way",
            node.Measure(OpenNode.Whole, family, toRemote, flows, first: flows, places: (uint)flows));
        if (node.Flows() != flows) throw new InvalidOperationException($"{node.Flows()} flows, not {flows}: none gave way");
        if (!stepByStep)
        {
            node.Measure(OpenNode.Remove, family, toRemote, flows, first: flows);
            yield break;
        }
        yield return ("for comparison: two entries by a program that does nothing else", Fresh(OpenNode.Insert) - floor);
        yield return ("and deleted", node.Measure(OpenNode.Delete, family, toRemote, flows) - floor);
    }
}
