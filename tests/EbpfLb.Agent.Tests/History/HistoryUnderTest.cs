using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Services;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.History;

/// <summary>A history that is told of plans, made of real tables by the real compiler.</summary>
internal sealed class HistoryUnderTest
{
    private CompiledState? last;

    public HistoryUnderTest(int mostPlans = HistoryRing.DefaultPlans, int mostBytes = HistoryRing.DefaultBytes)
    {
        Ring = new HistoryRing(mostPlans, mostBytes);
        History = new PlanHistory(Ring);
    }

    public HistoryRing Ring { get; }

    public PlanHistory History { get; }

    /// <summary>Drains in force from the next plan on.</summary>
    public ValueList<BackendDrain> Drains { get; set; } = [];

    /// <summary>When the next round ends.</summary>
    public DateTimeOffset Now { get; set; } = new(2025, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public IReadOnlyList<PlanRow> Plans => Ring.Read().Plans;

    public void Plan(ClusterSnapshot snapshot, params ObjectFailure[] failures) => Record(snapshot, PlanCause.Source, true, 1, failures);

    public void Record(
        ClusterSnapshot snapshot, PlanCause cause, bool isApplied, int operations, params ObjectFailure[] failures)
        => History.Record(Compile(snapshot, cause, isApplied, operations, failures));

    public FinishedPlan Compile(ClusterSnapshot snapshot, PlanCause cause = PlanCause.Source, bool isApplied = true, int operations = 1,
        params ObjectFailure[] failures)
    {
        var options = PolicyOptions.Default with { NodeName = ClusterChanges.NodeName, Drains = Drains, KeepsTcpEndpoints = true };
        var table = ForwardingCompiler.Compile(snapshot, options, last?.Table);
        last = new CompiledState(snapshot, options, table);
        var round = new RoundReport(1, Now, table.Count - 1, operations, default, default, isApplied, failures, null)
        {
            SinceArrival = TimeSpan.FromMilliseconds(1.5),
        };
        return new FinishedPlan(round, last, cause);
    }

    public static ObjectFailure Failure(string service, string message = "the map is full") => new(ClusterBuilder.Name(service), message);
}
