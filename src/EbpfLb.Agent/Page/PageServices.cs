using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Output;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Bpf;
using EbpfLb.Http.Page;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Page;

/// <summary>Services for the status page: from the last table, the snapshot behind it and the views of the commands.</summary>
/// <param name="drops">How many drops are kept of each Service; null: they are not reported.</param>
/// <param name="countsTraffic">Packets and bytes are counted.</param>
internal sealed class PageServices(
    PipelineState state, IInstanceView view, ServiceRates rates, RateService looks, Func<IReadOnlyDictionary<string, int>?> drops,
    bool countsTraffic)
{
    private const int MostFlows = 100;

    public ServiceList Find(ServiceSearch search)
    {
        looks.Look();
        var all = Served().ToList();
        var counts = drops();
        var matching = search.Text.Length == 0 ? all
            : all.Where(name => name.ToString().Contains(search.Text, StringComparison.OrdinalIgnoreCase)).ToList();
        var first = search.First < matching.Count ? search.First : 0;
        var shown = Sort(matching, search.Order, counts).Skip(first).Take(search.Most);
        return new ServiceList(all.Count, matching.Count, first, rates.IsMeasured, [.. shown.Select(name => LineOf(name, counts))])
        {
            IsKnown = state.Table is not null,
            CountsTraffic = countsTraffic,
        };
    }

    public async Task<ServiceDetail?> FindAsync(
        ObjectName name, bool withFlows, IReadOnlyList<PageDrop>? last, CancellationToken cancellationToken)
    {
        looks.Look();
        if (name == Canary.Name || state.Table?.Find(name) is not { } service || service.Ports.IsEmpty) return null;
        try
        {
            var query = new ServiceQuery(name.Namespace, name.Name);
            var ports = (await view.ServicesAsync(query, cancellationToken)).Services;
            var backends = (await view.BackendsAsync(query, cancellationToken)).Backends;
            var (flows, problem) = withFlows ? await FlowsAsync(name, cancellationToken) : (null, null);
            return new ServiceDetail(LineOf(name, drops()), [.. ports.SelectMany(FrontendsOf)], BackendsOf(name, backends), flows, problem,
                last is null ? null : [.. last.Where(d => IsOf(d, name))])
            {
                Period = RateService.Period,
                Scheduler = string.Join(", ", ports.Select(p => p.Scheduler).Distinct(StringComparer.Ordinal)),
                Traffic = countsTraffic
                    ? [.. ports.Select(p => new PagePortTraffic(NamedPortOf(p.Port, p.Protocol), p.Family, MeasuredTraffic.Of(p.Traffic)))]
                    : null,
            };
        }
        catch (UnknownServiceException)
        {
            // It went meanwhile.
            return null;
        }
    }

    /// <summary>"default/web:http" is of "default/web".</summary>
    public static string NameOf(string port)
    {
        var colon = port.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? port : port[..colon];
    }

    private static bool IsOf(PageDrop drop, ObjectName name)
        => drop.Service is { } service && NameOf(service).Equals(name.ToString(), StringComparison.Ordinal);

    /// <summary>Without the canary, which is the agent's own.</summary>
    private IEnumerable<ObjectName> Served()
        => state.Table is { } table ? table.Services.Where(s => s.Name != Canary.Name && !s.Ports.IsEmpty).Select(s => s.Name) : [];

    private IOrderedEnumerable<ObjectName> Sort(List<ObjectName> names, ServiceOrder order, IReadOnlyDictionary<string, int>? counts)
        => order switch
        {
            ServiceOrder.Name => names.Order(),
            ServiceOrder.Refused => names.OrderByDescending(n => rates.Find(n)?.Refused ?? 0).ThenBy(n => n),
            ServiceOrder.Drops when counts is not null
                => names.OrderByDescending(n => counts.GetValueOrDefault(n.ToString())).ThenBy(n => n),
            ServiceOrder.Bytes when countsTraffic
                => names.OrderByDescending(rates.BytesOf).ThenBy(n => n),
            _ => names.OrderByDescending(n => rates.Find(n)?.Connections ?? 0).ThenBy(n => n),
        };

    private ServiceLine LineOf(ObjectName name, IReadOnlyDictionary<string, int>? counts)
    {
        var entry = state.Compiled?.Snapshot.Services.Find(name);
        var endpoints = entry?.Slices.SelectMany(s => s.Endpoints.Select(e => (s.Family, Endpoint: e)))
            .GroupBy(e => e.Family).Select(family => family.DistinctBy(e => e.Endpoint.Address).ToList()).MaxBy(list => list.Count);
        var measured = rates.Find(name);
        return new ServiceLine(name.ToString(), entry?.Service?.Type.ToString(),
            [.. entry?.Service?.Ports.Select(PortOf) ?? []],
            entry is null ? null : endpoints?.Count(e => e.Endpoint.Conditions.HasFlag(EndpointConditions.Ready)) ?? 0,
            entry is null ? null : endpoints?.Count ?? 0)
        {
            Rate = measured?.Connections,
            RefusedRate = measured?.Refused,
            History = rates.History(name),
            Traffic = rates.FindTraffic(name),
            Drops = counts?.GetValueOrDefault(name.ToString()),
        };
    }

    private static string NamedPortOf(string? port, string protocol) => $"{port}/{protocol}";

    private static string PortOf(ServicePort port)
        => $"{port.Port}{(port.NodePort > 0 ? $":{port.NodePort}" : "")}/{port.Protocol.ToText()}";

    private static IEnumerable<PageFrontend> FrontendsOf(ServiceRow row) => row.Frontends.Select((f, i) => new PageFrontend(
        row.Port ?? "", $"{NameText.Endpoint(f.Address, f.PortNumber)}/{row.Protocol}", f.Kind, f.Policy, f.Backends, f.NoBackends)
    {
        // The frontends of a service port share its counters, which are unknown while it is not programmed.
        Connections = Counted(row, row.Connections, i),
        Open = Counted(row, row.Active, i),
        Refused = Counted(row, row.Refused, i),
    });

    private static string? Counted(ServiceRow row, ulong count, int index) => row.Id is null ? null : index == 0 ? $"{count}" : "\"";

    private List<PageBackend> BackendsOf(ObjectName name, IReadOnlyList<BackendRow> rows)
    {
        var endpoints = new Dictionary<string, Endpoint>(StringComparer.Ordinal);
        foreach (var slice in state.Compiled?.Snapshot.Services.Find(name)?.Slices ?? [])
            foreach (var endpoint in slice.Endpoints) endpoints[endpoint.Address.ToString()] = endpoint;
        var used = rows.Select(r => r.Address).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. rows.Select(r =>
            {
                Endpoint? endpoint = endpoints.TryGetValue(r.Address, out var found) ? found : null;
                return new PageBackend(NamedPortOf(r.Port, r.Protocol), NameText.Endpoint(r.Address, r.PortNumber), endpoint?.NodeName,
                    endpoint is { } known ? StateOf(known) : null, r.Weight, r.Connections, r.Open)
                {
                    Traffic = MeasuredTraffic.Of(r.Traffic),
                };
            }),
            .. endpoints.Where(e => !used.Contains(e.Key)).Select(e
                => new PageBackend("", e.Key, e.Value.NodeName, $"{StateOf(e.Value)}, not used", e.Value.Weight, null, null)),
        ];
    }

    private static string StateOf(Endpoint endpoint) => endpoint.Conditions switch
    {
        var c when c.HasFlag(EndpointConditions.Terminating)
            => c.HasFlag(EndpointConditions.Serving) ? "terminating, serving" : "terminating",
        var c when c.HasFlag(EndpointConditions.Ready) => "ready",
        _ => "not ready",
    };

    private async Task<(PageFlows? Flows, string? Problem)> FlowsAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            var report = await view.Flows.ListAsync(new FlowQuery(Service: name.ToString(), Limit: MostFlows), cancellationToken);
            return (new PageFlows(report.Matching, [.. report.Flows.Select(f => new PageFlow(
                f.Protocol, f.Client, f.Frontend, f.Backend, f.Phase, TimeSpan.FromSeconds(f.IdleSeconds)))]), null);
        }
        catch (Exception e) when (e is BpfException or UnknownServiceException)
        {
            return (null, e.Message);
        }
    }
}
