using EbpfLb.Http.Metrics;

namespace EbpfLb.Http.Tests.Metrics;

internal sealed class FixedReadings : IDatapathReadings
{
    public IReadOnlyList<MapReading> ReadMaps() => [new("lb_services4", 12, 65536), new("lb_backends", 30, 262144)];

    public IReadOnlyList<EventReading> ReadEvents() => [new("SOCK_TRANSLATED", 5), new("SOCK_NO_BACKEND", 1)];

    public IReadOnlyList<PacketReading> ReadPackets() => [new("pkt_reply", "balanced", 9, 900), new("drop_ct_full", "dropped", 2, 120)];

    public long? ReadConnections() => 5;

    public IReadOnlyDictionary<string, bool> ReadFeatures() => new Dictionary<string, bool> { ["batch"] = true, ["tcx"] = false };

    public int CountAttachedPrograms() => 9;

    public int CountAttachedDevices() => 2;

    public int? CountServicesNotProgrammed() => 3;

    public bool? IsCanaryOk { get; set; } = true;
}
