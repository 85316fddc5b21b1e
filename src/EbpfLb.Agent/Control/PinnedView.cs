using EbpfLb.Agent.Verifying;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Verifying;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>What the pinned maps tell without an agent: ids and addresses. Never ready, as nobody keeps them up to date.</summary>
internal sealed class PinnedView(string instance, IReadOnlyList<InspectedFrontend> frontends, IReadOnlyList<AttachedHook> hooks, IFlowView flows, Func<PinnedComparison> compare) : IInstanceView
{
    public IFlowView Flows => flows;

    /// <summary>Without an agent nobody knows what should be there; but what is there must fit together.</summary>
    public Task<VerifyReport> VerifyAsync(bool repair, CancellationToken cancellationToken)
    {
        var found = compare();
        return Task.FromResult(VerifyReport.Of(
            Origin.Maps,
            new Verification(found.Compared, found.Differences, new HashSet<Difference>(), ["api, table and mirror: no agent runs; nothing is repaired either"], TimeSpan.Zero, false),
            dryRun: true));
    }

    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken) => Task.FromResult(new StatusReport(
        Origin.Maps, instance, null, null, false,
        [$"no agent runs: the {Services().Count()} frontends are balanced as they were when the last one ended; start it with `ebpflb run`"],
        null, [.. hooks.Select(HookStatus.Of)], null, [], null, [], [], []));

    public Task<ServicesReport> ServicesAsync(CancellationToken cancellationToken)
        => Task.FromResult(new ServicesReport(Origin.Maps, [.. Services().Select(RowOf)]));

    public Task<BackendsReport> BackendsAsync(CancellationToken cancellationToken)
    {
        // Frontends of one service port share its lists.
        var rows = from service in Services().DistinctBy(f => f.ServiceId)
                   from backend in service.Cluster.Union(service.Local).Order()
                   select new BackendRow(
                       null, null, service.Frontend.Protocol.ToText(), service.ServiceId, backend.Address.ToString(), backend.Port);
        return Task.FromResult(new BackendsReport(Origin.Maps, [.. rows]));
    }

    /// <summary>Without the canary, which is the agent's own.</summary>
    private IEnumerable<InspectedFrontend> Services() => frontends.Where(f => f.Frontend != Canary.FrontendV4 && f.Frontend != Canary.FrontendV6);

    private static ServiceRow RowOf(InspectedFrontend f) => new(
        null, null, f.Frontend.Address.ToString(), f.Frontend.Port, f.Frontend.Protocol.ToText(), f.Kind.ToString(), FrontendText.Policy(f.LocalPolicy), f.ServiceId,
        f.Backends.Count, f.AffinitySeconds, f.Counters.Connections, f.Counters.Active, f.Counters.Datagrams, f.Counters.Refused);
}
