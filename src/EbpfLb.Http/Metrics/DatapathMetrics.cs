namespace EbpfLb.Http.Metrics;

/// <summary>How full one BPF map is.</summary>
public sealed record MapReading(string Map, long Entries, long Capacity);

/// <summary>How often one reason was counted by the BPF programs.</summary>
public sealed record EventReading(string Reason, long Count);

/// <summary>Packets that ended for one reason.</summary>
/// <param name="Outcome">"balanced", "passed", "answered" or "dropped": what the reason comes to, so that sums need no list of
/// reasons.</param>
public sealed record PacketReading(string Reason, string Outcome, long Packets, long Bytes);

/// <summary>What the datapath tells when the metrics are read. Called from any thread; an empty answer leaves the series out.</summary>
public interface IDatapathReadings
{
    IReadOnlyList<MapReading> ReadMaps();

    IReadOnlyList<EventReading> ReadEvents();

    /// <summary>Each packet counts once.</summary>
    IReadOnlyList<PacketReading> ReadPackets();

    /// <summary>Connections sent to backends since the maps were made; null while nothing is loaded.</summary>
    long? ReadConnections();

    /// <summary>What the agent can use of a kernel, by short constant names ("tcx"), and whether this one has it.</summary>
    IReadOnlyDictionary<string, bool> ReadFeatures();

    /// <summary>BPF programs that are attached now.</summary>
    int CountAttachedPrograms();

    /// <summary>Devices that have all their programs.</summary>
    int CountAttachedDevices();

    /// <summary>Services that are not in the kernel as they should be; null: not known.</summary>
    int? CountServicesNotProgrammed();

    /// <summary>Whether the last check that the hooks are in force succeeded; null before the first one.</summary>
    bool? IsCanaryOk { get; }
}

/// <summary>The kernel's own counters and fill levels, read when the metrics are.</summary>
public sealed class DatapathMetrics
{
    private static readonly string[] PacketLabels = ["reason", "outcome"];

    public DatapathMetrics(MetricRegistry metrics, IDatapathReadings readings)
    {
        metrics.ObserveGauge("ebpflb_map_entries", "Entries in use of each BPF map", ["map"],
            () => readings.ReadMaps().Select(m => new Reading(m.Entries, m.Map)));
        metrics.ObserveGauge("ebpflb_map_capacity", "Entries that each BPF map can hold", ["map"],
            () => readings.ReadMaps().Select(m => new Reading(m.Capacity, m.Map)));
        metrics.ObserveCounter("ebpflb_datapath_events_total", "What the BPF programs decided, by reason", ["reason"],
            () => readings.ReadEvents().Select(e => new Reading(e.Count, e.Reason)));
        metrics.ObserveCounter(
            "ebpflb_packets_total", "Packets that the BPF programs at the devices saw, by the reason they ended for", PacketLabels,
            () => readings.ReadPackets().Select(p => new Reading(p.Packets, p.Reason, p.Outcome)));
        metrics.ObserveCounter("ebpflb_packet_bytes_total", "Bytes of these packets", PacketLabels,
            () => readings.ReadPackets().Select(p => new Reading(p.Bytes, p.Reason, p.Outcome)));
        metrics.ObserveCounter(
            "ebpflb_connections_total",
            "Connections and flows that were sent to a backend: of sockets of this node and its pods, and of clients outside",
            () => readings.ReadConnections());
        metrics.ObserveGauge("ebpflb_kernel_feature",
            "1: this kernel has the feature; 0: it has not, or refuses it: status says why and what is lost; absent until it is known",
            ["feature"],
            () => readings.ReadFeatures().Select(f => new Reading(f.Value ? 1 : 0, f.Key)));
        metrics.ObserveGauge("ebpflb_attached_programs", "BPF programs attached to their hooks", () => readings.CountAttachedPrograms());
        metrics.ObserveGauge(
            "ebpflb_attached_devices", "Network devices whose packets meet the BPF programs", () => readings.CountAttachedDevices());
        metrics.ObserveGauge(
            "ebpflb_services_not_programmed", "Services that are not in the kernel as they should be, now; `ebpflb status` says why",
            () => readings.CountServicesNotProgrammed());
        metrics.ObserveGauge("ebpflb_canary_ok",
            "1 when a connection to the canary address met the socket hooks; absent: none was tried yet, or not since attaching failed",
            () => readings.IsCanaryOk is { } ok ? (ok ? 1 : 0) : null);
    }
}
