using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Output;
using EbpfLb.Datapath.Counters;

namespace EbpfLb.Agent.Commands.Top;

/// <summary>What service ports did between two readings of their counters. The families of a port are one row.</summary>
internal static class TopRates
{
    /// <param name="before">Of the reading before, from where <paramref name="now"/> is: the agent knows names, the maps do not.</param>
    /// <param name="elapsed">Between the two.</param>
    public static IReadOnlyList<TopRow> Of(ServicesReport before, ServicesReport now, TimeSpan elapsed)
    {
        // An id has counters of its own, and keeps them when the agent is another one.
        var earlier = before.Services.Where(s => s.Id is not null).ToLookup(s => s.Id);
        return [.. now.Services.GroupBy(s => NameText.Of(s.Service, s.Port, s.Id) + "/" + s.Protocol).Select(port => new TopRow(port.Key)
        {
            ConnectionRate = Rate(port, s => s.Connections),
            DatagramRate = Rate(port, s => s.Datagrams),
            RefusedRate = Rate(port, s => s.Refused),
            PacketRate = TrafficRate(port, t => t.PacketsIn + t.PacketsOut),
            ByteRate = TrafficRate(port, t => t.BytesIn + t.BytesOut),
            Open = (ulong)port.Sum(s => (long)s.Active),
            Backends = port.SelectMany(s => s.Frontends).Select(f => f.Backends).DefaultIfEmpty(0).Max(),
        })];

        double Rate(IEnumerable<ServiceRow> port, Func<ServiceRow, ulong> counter)
            => Math.Round(port.Sum(s => (double)Growth.Of(counter(s), Before(s, counter))) / elapsed.TotalSeconds, 1);

        double? TrafficRate(IEnumerable<ServiceRow> port, Func<Traffic, ulong> counter) => port.All(s => s.Traffic is not null)
            ? Rate(port, s => s.Traffic is { } traffic ? counter(traffic) : 0) : null;

        ulong? Before(ServiceRow row, Func<ServiceRow, ulong> counter)
            => earlier[row.Id].FirstOrDefault() is { } then ? counter(then) : null;
    }

    /// <summary>The most first; of equal ones by name.</summary>
    public static IReadOnlyList<TopRow> Sort(IEnumerable<TopRow> rows, TopOrder order) => order == TopOrder.Name
        ? [.. rows.OrderBy(r => r.Service, StringComparer.Ordinal)]
        : [.. rows.OrderByDescending(r => order switch
        {
            TopOrder.Connections => r.ConnectionRate,
            TopOrder.Datagrams => r.DatagramRate,
            TopOrder.Refused => r.RefusedRate,
            TopOrder.Open => r.Open,
            TopOrder.Bytes => r.ByteRate ?? 0,
            _ => r.ConnectionRate + r.DatagramRate,
        }).ThenByDescending(r => r.Open).ThenBy(r => r.Service, StringComparer.Ordinal)];
}

/// <summary>A service port in the time between two readings.</summary>
/// <param name="Service">"default/web:http/TCP"; "#7/TCP" when only the id is known.</param>
internal sealed record TopRow(string Service)
{
    /// <summary>Connections begun a second.</summary>
    public double ConnectionRate { get; init; }

    /// <summary>Datagrams of unconnected sockets a second.</summary>
    public double DatagramRate { get; init; }

    /// <summary>Connections and datagrams a second that were refused for want of an endpoint.</summary>
    public double RefusedRate { get; init; }

    /// <summary>Connections open now.</summary>
    public ulong Open { get; init; }

    /// <summary>The most that a frontend has in a family.</summary>
    public int Backends { get; init; }

    /// <summary>Packets a second that passed the programs at the devices, in both directions; null: not counted.</summary>
    public double? PacketRate { get; init; }

    /// <summary>As for packets.</summary>
    public double? ByteRate { get; init; }
}

/// <summary>What `--sort` chooses.</summary>
internal enum TopOrder
{
    Rate,
    Connections,
    Datagrams,
    Refused,
    Open,
    Bytes,
    Name,
}
