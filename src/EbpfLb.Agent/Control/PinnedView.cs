using EbpfLb.Agent.Verification;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Verification;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>What the pinned maps tell without an agent: ids and addresses. Never ready, as nobody keeps them up to date.</summary>
internal sealed class PinnedView(string instance, IReadOnlyList<InspectedFrontend> frontends, IReadOnlyList<AttachedHook> hooks,
    IFlowView flows, Func<PinnedComparison> compare, Func<InspectedCounts> count) : IInstanceView
{
    private static readonly IReadOnlyList<string> OnlyAgentsKnow =
    [
        "source", "canary", "last plan", "what failed or was rejected", "devices", "NodePort addresses", "drains", "features of the kernel",
        "fill of the other maps", "drops since a start",
    ];

    /// <summary>Set when an agent lives all the same.</summary>
    public string? Note { get; init; }

    public IFlowView Flows => flows;

    /// <summary>Without an agent nobody knows what should be there; but what is there must fit together.</summary>
    public Task<VerifyReport> VerifyAsync(bool repair, CancellationToken cancellationToken)
    {
        var found = compare();
        return Task.FromResult(VerifyReport.Of(
            Origin.Maps,
            new VerificationResult(found.Compared, found.Differences, new HashSet<Difference>(),
                [$"api, table and mirror: {Note ?? "no agent runs; nothing is repaired either"}"], TimeSpan.Zero, false),
            dryRun: true));
    }

    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken)
    {
        var counts = count();
        return Task.FromResult(new StatusReport(
            Origin.Maps, instance, null, null, false,
            [Note
                ?? $"no agent runs: the {Services().Count()} frontends are balanced as they "
                    + "were when the last one ended; start it with `ebpflb run`"],
            null, [.. hooks.Select(HookStatus.Of)], null, [.. counts.Maps.Select(m => new MapStatus(m.Map, m.Used, m.Capacity))], null, [],
            [], [])
        {
            Drops = ReasonReports.Of(counts.Reasons, before: null),
            NotKnown = OnlyAgentsKnow,
        });
    }

    public Task<ServicesReport> ServicesAsync(ServiceQuery query, CancellationToken cancellationToken)
        => Task.FromResult(new ServicesReport(Origin.Maps, [.. Ports(query).Select(RowOf)]));

    public Task<BackendsReport> BackendsAsync(ServiceQuery query, CancellationToken cancellationToken)
    {
        var rows = from port in Ports(query)
                   from backend in port.SelectMany(f => f.Counted).DistinctBy(b => b.Address).OrderBy(b => b.Address)
                   select new BackendRow(
                       null, null, port.First().Frontend.Protocol.ToText(), port.Key, backend.Address.Address.ToString(),
                       backend.Address.Port)
                   {
                       Weight = backend.Weight, Connections = backend.Connections, Open = backend.Open, Traffic = backend.Traffic,
                   };
        return Task.FromResult(new BackendsReport(Origin.Maps, [.. rows]));
    }

    /// <summary>Frontends of one service port, which share its lists and counters, by its id.</summary>
    private List<IGrouping<uint, InspectedFrontend>> Ports(ServiceQuery query)
    {
        if (query.Namespace is not null || query.Name is not null)
            throw new UnknownServiceException($"'{query}' cannot be looked up, as no agent answers and the maps "
                + "hold no names: give #ID, which `ebpflb services` shows");
        var ports = Services().GroupBy(f => f.ServiceId).Where(g => query.Id is null || g.Key == query.Id).OrderBy(g => g.Key).ToList();
        return ports.Count > 0 || query.Id is null ? ports
            : throw new UnknownServiceException($"no service port has the id {query.Id}; `ebpflb services` lists what there is");
    }

    /// <summary>Without the canary, which is the agent's own.</summary>
    private IEnumerable<InspectedFrontend> Services()
        => frontends.Where(f => f.Frontend != Canary.FrontendV4 && f.Frontend != Canary.FrontendV6);

    private static ServiceRow RowOf(IGrouping<uint, InspectedFrontend> port)
    {
        var first = port.First();
        return new ServiceRow(
            null, null, first.Frontend.Protocol.ToText(), first.Frontend.Address.Family.ToString(), port.Key, first.AffinitySeconds,
            first.Counters.Connections, first.Counters.Active, first.Counters.Datagrams, first.Counters.Refused,
            [.. port.OrderBy(f => f.Kind).ThenBy(f => f.Frontend)
                .Select(f => new FrontendRow(f.Frontend.Address.ToString(), f.Frontend.Port, f.Kind.ToString(),
                    FrontendText.Policy(f.LocalPolicy), f.Backends.Count))])
        {
            Scheduler = first.Scheduler.ToText(),
            Traffic = first.Counters.Traffic,
        };
    }
}
