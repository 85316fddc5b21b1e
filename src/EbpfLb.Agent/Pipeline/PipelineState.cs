using EbpfLb.Agent.Nodes;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// Where the pipeline stands, for status, readiness and health. The pipeline writes, anybody reads; each value is
/// immutable and replaced whole.
/// </summary>
internal sealed class PipelineState(Func<SourceStatus> source, ProxyHealthTracker health, bool nodeRequired, ILogger? logger = null)
    : IProxyHealth
{
    private const int MostFaults = 10;

    private volatile ForwardingTable? table;
    private volatile CompiledState? compiled;
    private volatile Progress progress = new(null, false);
    private volatile HookState hooks = HookState.None;
    private volatile ClusterSnapshot? snapshot;
    private volatile NodeView node = NodeView.None;
    private volatile Node? knownNode;

    public SourceStatus Source => source();

    /// <summary>The table of the last round; null before the first.</summary>
    public ForwardingTable? Table => table;

    public RoundReport? LastRound => progress.LastRound;

    public HookState Hooks => hooks;

    /// <summary>What is known of this node's object; with an API server that stays when the object is deleted.</summary>
    public Node? Node => knownNode;

    /// <summary>The source has told what there is.</summary>
    public bool IsClusterKnown => snapshot is not null;

    /// <summary>The nodes of the cluster that the source tells of.</summary>
    public ValueList<NodePlace> Nodes => snapshot?.Nodes ?? [];

    /// <summary>The node's network, and what came of it.</summary>
    public NodeView NodeView => node;

    /// <summary>
    /// Told on the pipeline's thread when the cluster is known, when the Node object is another one, or those of other nodes, and when the
    /// hooks have come into force: devices follow them.
    /// </summary>
    public Listeners<Node?> NodeChanges { get; } = new("node change", logger ?? NullLogger.Instance);

    /// <summary>Told on the pipeline's thread with the table of each round that ran to its end.</summary>
    public Listeners<ForwardingTable> AppliedTables { get; } = new("applied table", logger ?? NullLogger.Instance);

    /// <summary>Told on the pipeline's thread after each round that ran to its end.</summary>
    public Listeners<RoundReport> Rounds { get; } = new("round", logger ?? NullLogger.Instance);

    /// <summary>Told on the pipeline's thread after each round, also one that could not be run to its end; nothing waits for it but the
    /// next round.</summary>
    public Listeners<FinishedPlan> Plans { get; } = new("plan", logger ?? NullLogger.Instance);

    /// <summary>Told when the node's network has been read again.</summary>
    public Listeners<NodeView> NodeViews { get; } = new("node view", logger ?? NullLogger.Instance);

    /// <summary>Told on the pipeline's thread when the Node object comes, changes or goes.</summary>
    public Listeners<(Node? Before, Node? Now)> NodeObjects { get; } = new("node object", logger ?? NullLogger.Instance);

    /// <summary>What of the kernel side is not as it was put there, asked when somebody wants to know.</summary>
    public Func<IReadOnlyList<Difference>> Faults { private get; init; } = () => [];

    /// <summary>Why this agent can never be ready again; null: it can.</summary>
    public Func<string?> Dead { private get; init; } = () => null;

    /// <summary>What is wrong with the place of the pins.</summary>
    public IReadOnlyList<string> PlaceProblems { private get; init; } = [];

    /// <summary>Services that are not in the kernel as they should be, by the last round; null: not known.</summary>
    public int? ServicesNotProgrammed => LastRound is { Applied: true } round
        ? round.Failures.Select(f => f.Service).OfType<ObjectName>().Where(name => name != Canary.Name).Distinct().Count()
        : null;

    /// <summary>What the options need the Node object for.</summary>
    public NodePrerequisites? Needs { get; init; }

    /// <summary>What this kernel lacks of what the agent can use; readiness tells of it.</summary>
    public Func<IReadOnlyList<string>> MissingFeatures { private get; init; } = () => [];

    /// <summary>
    /// Returns the snapshot that forwarding shall follow: with what is known of the node, see <see cref="LastKnownNode"/>.
    /// </summary>
    public ClusterSnapshot RecordArrived(ClusterSnapshot arrived)
    {
        var (isFirst, objectBefore, nodesBefore) = (snapshot is null, snapshot?.Node, Nodes);
        var before = knownNode;
        // Before the snapshot, with which the cluster counts as known.
        knownNode = nodeRequired ? LastKnownNode.Keep(before, arrived.Node) : arrived.Node;
        snapshot = arrived;
        if (!Equals(objectBefore, arrived.Node)) NodeObjects.Publish((objectBefore, arrived.Node));
        if (isFirst || !Equals(before, knownNode) || nodesBefore != arrived.Nodes) NodeChanges.Publish(knownNode);
        return Equals(knownNode, arrived.Node) ? arrived : arrived with { Node = knownNode };
    }

    public void RecordRound(RoundReport round, ForwardingTable? compiled)
    {
        table = compiled ?? table;
        progress = new Progress(round, progress.IsFirstPlanIn || round.HasWhatFits);
        if (round.Applied) Rounds.Publish(round);
    }

    /// <summary>This table is what the kernel has, as far as it could be brought in.</summary>
    public void RecordApplied(ForwardingTable applied) => AppliedTables.Publish(applied);

    public void RecordPlan(FinishedPlan plan) => Plans.Publish(plan);

    /// <summary>The last table with what it was compiled from; null before the first.</summary>
    public CompiledState? Compiled => compiled;

    public void RecordCompiled(CompiledState? state) => compiled = state;

    public void RecordHooks(HookState state)
    {
        var isNew = state.Attached && !hooks.Attached;
        hooks = state;
        if (isNew) NodeChanges.Publish(knownNode);
    }

    public void RecordNode(NodeView view)
    {
        node = view;
        NodeViews.Publish(view);
    }

    /// <summary>A stand-alone load balancer has no Node object; with an API server a missing one means that it was deleted.</summary>
    public HealthReport Report()
    {
        var node = snapshot?.Node;
        var eligible = snapshot is null || (node is null ? !nodeRequired : node.IsEligible);
        var report = health.Report(eligible);
        return Dead() is not { } reason ? report
            : report with
            {
                Healthy = false, Dead = reason, LastUpdated = LastRound?.EndedAt,
                Status = report.Status.Keys.ToDictionary(family => family, _ => new FamilyHealth(LastRound?.EndedAt, false)),
            };
    }

    /// <summary>Ready: source synced, first plan applied, hooks attached, canary answered, node and devices as they shall be.</summary>
    public ReadinessReport Readiness()
    {
        List<string> reasons = [.. PlaceProblems];
        if (Dead() is { } dead) reasons.Add($"this agent writes no more and has to be restarted: {dead}");
        if (Source is { IsSynced: false } status)
            reasons.Add($"source {status.Description} has not been read completely yet{(status.Error is null ? "" : $": {status.Error}")}");
        if (progress is { IsFirstPlanIn: false, LastRound: var round }) reasons.Add(FirstPlanReason(round));
        if (!hooks.Attached && Dead() is null)
            reasons.Add(hooks.Error is null ? "hooks are not attached yet" : $"hooks are not attached: {hooks.Error}");
        else if (hooks.Canary is { Ok: false } canary) reasons.Add($"canary: {canary.Problem}");
        if (hooks.Attached) reasons.AddRange(CurrentFaults());
        if (snapshot is not null && Needs is not null) reasons.AddRange(Needs.Missing(knownNode));
        reasons.AddRange(node.Problems);
        return new ReadinessReport(reasons.Count == 0, reasons) { MissingFeatures = MissingFeatures() };
    }

    private IEnumerable<string> CurrentFaults()
    {
        try
        {
            var faults = Faults();
            var shown = faults.Take(MostFaults).Select(f => $"{f}; it is being put back");
            return faults.Count <= MostFaults ? shown
                : shown.Append($"and {faults.Count - MostFaults} more; `ebpflb verify --dry-run` lists them");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [$"whether the hooks are in force cannot be told: {e.Message}"];
        }
    }

    private static string FirstPlanReason(RoundReport? round) => round is null
        ? "no plan has been applied yet"
        : $"the first plan is not in the kernel: {round.Failures.Count} objects "
            + $"failed{(round.Failures is [var first, ..] ? $", first {first}" : "")}";

    /// <summary>Read at once: the two belong together, and a round may end between two readings.</summary>
    private sealed record Progress(RoundReport? LastRound, bool IsFirstPlanIn);
}

/// <summary>A table and what it was compiled from.</summary>
internal sealed record CompiledState(ClusterSnapshot Snapshot, PolicyOptions Options, ForwardingTable Table)
{
    public NodeNetwork Network { get; init; } = NodeNetwork.None;
}
