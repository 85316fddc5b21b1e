using EbpfLb.Abi;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Reload;
using EbpfLb.Agent.Verification;
using EbpfLb.Datapath;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>The running agent's own view: names from the last table, ids and counters from the kernel.</summary>
/// <param name="servicePortProblems">Health check ports of Services that could not be had.</param>
/// <param name="drains">What `ebpflb drain` asks; null: nothing can be drained.</param>
/// <param name="history">What `ebpflb history` asks; null: none is kept.</param>
/// <param name="traces">What `ebpflb monitor` asks of flows; null: none are traced.</param>
internal sealed class AgentView(
    string instance, string version, TimeProvider time, PipelineState state, IDataplane dataplane, FlowState flowState, IFlowView flows,
    IExplainView? explanations = null, ConfigState? config = null, Verifier? verifier = null,
    Func<IReadOnlyList<string>>? servicePortProblems = null, IDrainView? drains = null, HistoryView? history = null,
    ITraceView? traces = null) : IInstanceView
{
    private readonly DateTimeOffset started = time.GetUtcNow();
    /// <summary>The maps outlive agents, and so do their counters.</summary>
    private readonly Dictionary<LbReason, ulong> countedBefore = dataplane.Diagnostics.ReadReasons()
        .ToDictionary(r => r.Reason, r => r.Count);

    private readonly ServiceReports services = new(state, dataplane.Services, name => history?.LastChange(name));

    public string Instance => instance;

    public string Version => version;

    public IFlowView Flows => flows;

    public IExplainView? Explanations => explanations;

    public IDrainView? Drains => drains;

    public IHistoryView? History => history;

    public ITraceView? Traces => traces;

    public async Task<VerifyReport> VerifyAsync(bool repair, CancellationToken cancellationToken)
        => VerifyReport.Of(Origin.Agent,
            await (verifier ?? throw new NotSupportedException("this view has no verifier")).AnswerAsync(repair, cancellationToken),
            !repair);

    public async Task<StatusReport> StatusAsync(CancellationToken cancellationToken)
    {
        var drained = drains is null ? null : await drains.ListAsync(cancellationToken);
        var readiness = state.Readiness();
        var source = state.Source;
        var hooks = state.Hooks;
        var round = state.LastRound;
        return new StatusReport(
            Origin.Agent,
            instance,
            version,
            started,
            readiness.Ready,
            readiness.Reasons,
            new SourceReport(source.Description, source.IsSynced, source.LastContact, source.Error)
            {
                ContactAgeSeconds = source.ContactAge?.TotalSeconds,
            },
            [.. dataplane.Hooks.Attached.Select(h => HookStatus.Of(h))],
            hooks.Canary is null ? null : new CanaryStatus(hooks.Canary.Ok, hooks.Canary.Problem, hooks.CheckedAt),
            [
                .. dataplane.Diagnostics.ReadMaps().Select(m => new MapStatus(m.Map, m.Used, m.Capacity)),
                .. flowState.Maps.Select(m => new MapStatus(m.Map, m.Entries, m.Capacity)),
            ],
            round is null ? null : PlanOf(round),
            round is null ? [] : [.. round.Failures.Select(f => f.ToString())],
            state.Table is null ? [] : [.. state.Table.Diagnostics.Select(d => d.ToString())],
            [.. dataplane.Diagnostics.Features.Select(f
                => new FeatureStatus(f.Name, f.IsKnown ? f.IsAvailable : null, f.IsMissing ? FeatureText.Lost(f) : null))])
        {
            Drops = ReasonReports.Of(dataplane.Diagnostics.ReadReasons(), countedBefore),
            Schedulers = services.Schedulers(),
            Devices = NodeReports.Devices(state.NodeView),
            NodePortAddresses = NodeReports.NodePortAddresses(state.NodeView),
            HealthCheckNodePorts =
            [
                .. (state.Table?.DifferencesFrom(ForwardingTable.Empty) ?? []).Select(d => d.After?.HealthCheck?.Port ?? 0)
                    .Where(p => p != 0).Select(p => (int)p).Distinct().Order(),
            ],
            Warnings =
            [
                .. state.NodeView.Warnings, .. servicePortProblems?.Invoke() ?? [], .. RetireProblems(), .. config?.Warnings ?? [],
                .. drained?.Problem is { } problem ? [problem] : Array.Empty<string>(),
            ],
            Drains = drained?.Drains ?? [],
        };
    }

    private IEnumerable<string> RetireProblems() => dataplane.Services.Retiring is { Problem: { } problem } retiring
        ? [$"{retiring.Waiting} ids of what is gone count as in use, as they cannot be cleared: {problem}; it is tried again by itself"]
        : [];

    public Task<string?> ConfigAsync(CancellationToken cancellationToken) => Task.FromResult(config?.ToJson());

    public Task<ServicesReport> ServicesAsync(ServiceQuery query, CancellationToken cancellationToken)
        => Task.FromResult(services.Services(query));

    public Task<BackendsReport> BackendsAsync(ServiceQuery query, CancellationToken cancellationToken)
        => Task.FromResult(services.Backends(query));

    private static PlanStatus PlanOf(RoundReport round) => new(
        round.Sequence, round.EndedAt, round.Services, round.Operations, round.Failures.Count,
        round.Compile.TotalMilliseconds, round.Apply.TotalMilliseconds, round.RetryIn?.TotalSeconds)
    {
        WriteMs = round.Write.TotalMilliseconds,
    };
}
