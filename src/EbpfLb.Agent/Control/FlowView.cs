using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Reasons;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>Flows out of the conntrack maps, with names where there are any.</summary>
/// <param name="drops">null: nobody keeps them.</param>
/// <param name="dropProblem">Why drops are not reported; null: they are.</param>
internal sealed class FlowView(
    string origin, FlowTable flows, IServiceNames names, DropHistory? drops, TimeProvider time, Func<string?>? dropProblem = null)
    : IFlowView
{
    private const int TopServices = 10;

    private readonly FollowedDevices followed = new();

    public Task<FlowsReport> ListAsync(FlowQuery query, CancellationToken cancellationToken)
    {
        var devices = new DeviceNames();
        var now = flows.Now;
        var matching = 0;
        List<Flow> shown = [];
        foreach (var flow in flows.Read(FilterOf(query)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++matching <= query.Limit) shown.Add(flow);
        }
        var rows = shown.OrderBy(f => f.Client.Address).ThenBy(f => f.Client.Port).ThenBy(f => f.Frontend.Address).Select(f => new FlowRow(
            DropText.Protocol(f.Protocol), f.Client.ToString(), f.Frontend.ToString(), f.Backend.ToString(), f.Snat?.ToString(),
            PhaseName.Of(f.Phase),
            Math.Round(FlowClock.IdleTime(f.LastTick, now).TotalSeconds), NameOf(f.ServiceId), f.ServiceId,
            devices.Of(f.RequestDevice), devices.Of(f.ReplyDevice), f.IsWhole));
        return Task.FromResult(new FlowsReport(origin, matching, [.. rows]));
    }

    public Task<FlowCountReport> CountAsync(FlowQuery query, CancellationToken cancellationToken)
    {
        var groups = new Dictionary<(Model.IpFamily Family, byte Protocol, Abi.LbCtPhase Phase), int>();
        var services = new Dictionary<uint, int>();
        foreach (var flow in flows.Read(FilterOf(query)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var group = (flow.Family, flow.Protocol, flow.Phase);
            groups[group] = groups.GetValueOrDefault(group) + 1;
            services[flow.ServiceId] = services.GetValueOrDefault(flow.ServiceId) + 1;
        }
        return Task.FromResult(new FlowCountReport(
            origin,
            groups.Values.Sum(),
            [.. groups.OrderBy(g => g.Key).Select(g => new FlowGroup(
                g.Key.Family.ToString(), DropText.Protocol(g.Key.Protocol), PhaseName.Of(g.Key.Phase), g.Value))],
            [.. services.OrderByDescending(s => s.Value).ThenBy(s => s.Key).Take(TopServices).Select(s
                => new ServiceFlows(NameOf(s.Key), s.Key, s.Value))],
            [.. flows.Maps.Select(m => new MapStatus(m.Name, m.ReadBatches(4096).Sum(b => b.Length), m.Capacity))]));
    }

    public Task<FlushReport> FlushAsync(FlowQuery query, CancellationToken cancellationToken)
        => Task.FromResult(new FlushReport(origin, flows.Remove(FilterOf(query))));

    public async Task<DropsReport> DropsAsync(long after, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (drops is null) return new DropsReport(origin, 0, []) { Problem = "no agent answers, and only agents keep drops" };
        if (wait > TimeSpan.Zero) await drops.WaitAfterAsync(after, wait, time, cancellationToken);
        else followed.Begin();
        var found = drops.After(after);
        // Of an agent before this one: what is asked for has no number here.
        var problem = dropProblem?.Invoke();
        if (found.Count == 0) return new DropsReport(origin, Math.Min(after, drops.Last), []) { Problem = problem };
        var devices = followed.For([.. found.Select(d => d.Event.Device).Distinct()]);
        return new DropsReport(origin, found[^1].Number, [.. found.Select(d => RowOf(d, devices))]) { Problem = problem };
    }

    private DropRow RowOf(Numbered<DropEvent> drop, DeviceNames devices)
    {
        var text = ReasonCatalog.Of(drop.Event.Reason);
        return new DropRow(
            drop.Number, drop.Event.Time, ReasonName.Of(drop.Event.Reason), DropText.Protocol(drop.Event.Protocol),
            drop.Event.Source.ToString(), drop.Event.Destination.ToString(), devices.Of(drop.Event.Device), drop.Event.Length,
            NameOf(drop.Event.ServiceId), drop.Event.ServiceId, text.Meaning, text.Advice);
    }

    private string? NameOf(uint id) => names.Find(id) is { } port ? PortName.Of(port) : null;

    private FlowFilter FilterOf(FlowQuery query) => FlowQueryReader.ToFilter(query, names);
}
