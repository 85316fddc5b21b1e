using EbpfLb.Agent.Output;
using EbpfLb.Datapath.Counters;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>Packets and bytes in wide tables.</summary>
internal static class TrafficColumns
{
    private const string NotCounted = "-";

    public static IReadOnlyList<Column> All { get; } =
        [new("PACKETS IN", true), new("BYTES IN", true), new("PACKETS OUT", true), new("BYTES OUT", true)];

    public static IEnumerable<string> Of(Traffic? counted) => counted is { } traffic
        ? new[] { traffic.PacketsIn, traffic.BytesIn, traffic.PacketsOut, traffic.BytesOut }.Select(n => n.ToString())
        : All.Select(_ => NotCounted);

    /// <summary>For --sort; what is not counted is last.</summary>
    public static decimal Bytes(Traffic? counted) => counted is { } traffic ? (decimal)traffic.BytesIn + traffic.BytesOut : -1;
}
