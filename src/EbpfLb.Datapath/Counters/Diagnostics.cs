using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Repair;
using EbpfLb.Datapath.Services;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Datapath.Tables;

namespace EbpfLb.Datapath.Counters;

/// <summary>What people and metrics are shown of an instance that is loaded. Thread-safe.</summary>
internal sealed class Diagnostics(
    StartFindings found, MapSet maps, KernelTables tables, ServiceTables services, NodeTables node, ServiceAddresses addresses,
    ClientTable clients, StaleState stale, Repairs repairs) : IDiagnostics
{
    public IReadOnlyList<KernelFeature> Features => [.. found.Features, .. stale.Features];

    public IReadOnlyList<string> PlaceProblems => found.PlaceProblems;

    public IReadOnlyDictionary<RepairKind, long> ReadRepairs() => repairs.Counts;

    public IReadOnlyList<MapFill> ReadMaps() =>
    [
        .. services.Fill, .. node.Fill, .. addresses.Fill, clients.Fill, tables.Affinity.Fill,
        new(Abi.Tables.Filter.Name, tables.DestinationFilter.Count, FilterBits.Count),
    ];

    public IReadOnlyList<ReasonCount> ReadReasons() => tables.ReadReasons();

    public ReasonCount ReadReason(LbReason reason) => tables.ReadReason(reason);

    public IEventSource OpenEvents() => new RingEvents(new RingBuffer(maps.Take(Abi.Tables.Events)));

    public ITraceSource OpenTraces() => new RingTraces(new RingBuffer(maps.Take(Abi.Tables.Traces)), maps.Take(Abi.Tables.Tracing));
}
