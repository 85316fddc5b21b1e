using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>How full one BPF map is.</summary>
public sealed record MapReading(string Map, long Entries, long Capacity);

/// <summary>How often one reason was counted by the BPF programs.</summary>
public sealed record EventReading(string Reason, long Count);

/// <summary>Packets that ended for one reason.</summary>
/// <param name="Outcome">"balanced", "passed", "answered" or "dropped": what the reason comes to, so that sums need no list of reasons.</param>
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

/// <summary>The kernel's own counters and fill levels, observed when the metrics are read.</summary>
public sealed class DatapathMetrics
{
    public DatapathMetrics(Meter meter, IDatapathReadings readings)
    {
        meter.CreateObservableGauge("ebpflb_map_entries", () => readings.ReadMaps().Select(m => Of(m.Entries, "map", m.Map)), null,
            "Entries in use of each BPF map");
        meter.CreateObservableGauge("ebpflb_map_capacity", () => readings.ReadMaps().Select(m => Of(m.Capacity, "map", m.Map)), null,
            "Entries that each BPF map can hold");
        meter.CreateObservableCounter("ebpflb_datapath_events_total", () => readings.ReadEvents().Select(e => Of(e.Count, "reason", e.Reason)), null,
            "What the BPF programs decided, by reason");
        meter.CreateObservableCounter("ebpflb_packets_total", () => readings.ReadPackets().Select(p => Of(p, p.Packets)), null,
            "Packets that the BPF programs at the devices saw, by the reason they ended for");
        meter.CreateObservableCounter("ebpflb_packet_bytes_total", () => readings.ReadPackets().Select(p => Of(p, p.Bytes)), null,
            "Bytes of these packets");
        meter.CreateObservableCounter("ebpflb_connections_total",
            () => readings.ReadConnections() is { } count ? new[] { new Measurement<long>(count) } : [], null,
            "Connections that were sent to a backend");
        meter.CreateObservableGauge("ebpflb_kernel_feature", () => readings.ReadFeatures().Select(f => Of(f.Value ? 1 : 0, "feature", f.Key)), null,
            "1: this kernel has the feature; 0: it has not, or refuses it: status says why and what is lost");
        meter.CreateObservableGauge("ebpflb_attached_programs", readings.CountAttachedPrograms, null, "BPF programs attached to their hooks");
        meter.CreateObservableGauge("ebpflb_attached_devices", readings.CountAttachedDevices, null, "Network devices whose packets meet the BPF programs");
        meter.CreateObservableGauge("ebpflb_services_not_programmed",
            () => readings.CountServicesNotProgrammed() is { } count ? new[] { new Measurement<int>(count) } : [], null,
            "Services that are not in the kernel as they should be, now; `ebpflb status` says why");
        meter.CreateObservableGauge("ebpflb_canary_ok",
            () => readings.IsCanaryOk is { } ok ? new[] { new Measurement<int>(ok ? 1 : 0) } : [], null,
            "1 when a connection to the canary address met the socket hooks");
    }

    private static Measurement<long> Of(PacketReading packets, long value)
        => new(value, new("reason", packets.Reason), new("outcome", packets.Outcome));

    private static Measurement<long> Of(long value, string label, string labelValue) => new(value, new KeyValuePair<string, object?>(label, labelValue));
}
