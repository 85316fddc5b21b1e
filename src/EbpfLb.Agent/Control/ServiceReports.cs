using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Counters;
using EbpfLb.Explain;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>Service ports and their backends: names from the last table, ids and counters from the kernel.</summary>
/// <param name="lastChange">Of a Service; null: not known.</param>
internal sealed class ServiceReports(PipelineState state, IServiceTables tables, Func<ObjectName, DateTimeOffset?> lastChange)
{
    public ServicesReport Services(ServiceQuery query)
    {
        var ports = Select(query);
        var all = tables.ReadCounters(ports.Select(p => p.Key));
        var failures = (state.LastRound?.Failures ?? []).ToLookup(f => f.Service, f => f.Message);
        return new ServicesReport(
            Origin.Agent, [.. ports.Select(p => RowOf(p, all.GetValueOrDefault(p.Key), [.. failures[p.Key.Service].Distinct()]))]);
    }

    public BackendsReport Backends(ServiceQuery query)
    {
        var ports = Select(query);
        var rows = from port in ports
                   let id = tables.FindServiceId(port.Key)
                   let counters = tables.ReadBackends(port.Key).ToDictionary(b => b.Address)
                   let facts = FactsOf(port.Key)
                   from backend in port.Backends
                   let fact = facts.TryGetValue(backend.Address, out var known) ? known : (BackendFacts?)null
                   let counted = counters.TryGetValue(backend.Address, out var found) ? found : (BackendCounters?)null
                   select new BackendRow(
                       port.Key.Service.ToString(), port.Key.PortName, port.Key.Protocol.ToText(), id, backend.Address.Address.ToString(),
                       backend.Address.Port)
                   {
                       Weight = backend.Weight, Connections = counted?.Connections, Open = counted?.Open, Traffic = counted?.Traffic,
                       Node = fact?.NodeName, Zone = fact?.Zone ?? (fact is { IsHere: true } ? state.Compiled?.Snapshot.Node?.Zone : null),
                       Local = fact?.IsHere, State = fact is { } of ? StateOf(of, backend) : null,
                   };
        return new BackendsReport(Origin.Agent, [.. rows])
        {
            Empty = [.. ports.Where(p => p.Backends.IsEmpty).Select(p => new EmptyPort(
                p.Key.Service.ToString(), p.Key.PortName, p.Key.Protocol.ToText(), p.Key.Family.ToString(), Why(p.Key, isLocal: false)))],
        };
    }

    private IReadOnlyDictionary<BackendAddress, BackendFacts> FactsOf(ServicePortKey key) => state.Compiled is { } compiled
        ? BackendFacts.Of(compiled.Snapshot.Services.Find(key.Service), key, compiled.Options.NodeName, compiled.Options.Drains)
        : new Dictionary<BackendAddress, BackendFacts>();

    /// <summary>A drained one is seldom used, the others usually are: what is not usual is said.</summary>
    private static string StateOf(in BackendFacts facts, in CompiledBackend backend)
    {
        var isUsed = (backend.Lists & (BackendLists.InCluster | BackendLists.InLocal)) != BackendLists.None;
        return facts.IsDrained ? isUsed ? $"{facts.State}, used" : facts.State : isUsed ? facts.State : $"{facts.State}, not used";
    }

    /// <summary>How many service ports have which scheduler; without the canary, which is the agent's own.</summary>
    public IReadOnlyList<SchedulerStatus> Schedulers() => state.Table is not { } table ? []
        : [.. table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports).GroupBy(p => p.Scheduler).OrderBy(g => g.Key)
            .Select(g => new SchedulerStatus(g.Key.ToText(), g.Count(), g.Count(HasWeights)))];

    private static bool HasWeights(CompiledPort port) => port.Backends.Any(b => b.Weight != port.Backends[0].Weight);

    private ServiceRow RowOf(CompiledPort port, PortCounters? counters, IReadOnlyList<string> failures) => new(
        port.Key.Service.ToString(), port.Key.PortName, port.Key.Protocol.ToText(), port.Key.Family.ToString(), counters?.Id,
        port.AffinitySeconds,
        counters?.Connections ?? 0, counters?.Active ?? 0, counters?.Datagrams ?? 0, counters?.Refused ?? 0,
        [.. port.Frontends.Select(f => FrontendOf(port, f))])
    {
        Scheduler = port.Scheduler.ToText(),
        LastChange = lastChange(port.Key.Service),
        Traffic = counters?.Traffic,
        Programmed = counters is not null,
        Failure = failures.Count > 0 ? string.Join("; ", failures) : null,
    };

    private FrontendRow FrontendOf(CompiledPort port, ServedFrontend served)
    {
        var list = served.LocalPolicy ? BackendLists.InLocal : BackendLists.InCluster;
        var backends = port.Backends.Count(b => b.Lists.HasFlag(list));
        return new FrontendRow(
            served.Frontend.Address.ToString(), served.Frontend.Port, served.Kind.ToString(), FrontendText.Policy(served.LocalPolicy),
            backends,
            backends == 0 ? Why(port.Key, served.LocalPolicy) : null);
    }

    private string Why(ServicePortKey key, bool isLocal) => state.Compiled is { } compiled
        ? NoBackends.Reason(compiled.Snapshot.Services.Find(key.Service), key, isLocal, compiled.Options.NodeName, compiled.Options.Drains)
        : "no endpoint can be used";

    private IReadOnlyList<CompiledPort> Select(ServiceQuery query) => ServiceSelection.Select(
        state.Table ?? throw new NotKnownYetException(), query, name => state.Compiled?.Snapshot.Services.Find(name)?.Service,
        tables.FindServicePort);
}

/// <summary>How reports name the rules of a frontend.</summary>
internal static class FrontendText
{
    /// <summary>As Kubernetes writes it.</summary>
    public static string Policy(bool isLocal) => isLocal ? "Local" : "Cluster";
}
