using System.Net;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Schedulers;

namespace EbpfLb.Benchmarks.Schedulers;

/// <summary>
/// How even the backends' open connections are, by scheduler: packets of connections through the real program, nine in ten short, one in
/// ten fifty times as long; beside what IPVS is documented to make of the same connections (it is not in this kernel).
/// </summary>
internal static class SpreadBench
{
    private const int Backends = 10;
    private const int Connections = 6_000;
    private const int Warm = 1_500;
    private const int Short = 20;
    private const int Long = 1_000;

    /// <summary>Addresses that ask, by turns.</summary>
    private const int Clients = 200;

    public static void Run(Report report)
    {
        var rows = Enum.GetValues<Scheduler>()
            .Select(scheduler => (Scheduler: scheduler, Ours: Ours(scheduler), Ipvs: Documented(scheduler))).ToList();
        report.Title("Open connections of the busiest backend over the average",
            $"{Backends} backends, {Connections} connections of {Clients} clients one after the other; nine of ten last while {Short} "
                + $"others begin, one lasts {Long}. IPVS: a model of its documentation with the same connections. As IPVS: choices of ours "
                + "that it allows.");
        report.Table(["scheduler", "median", "95th percentile", "IPVS: median", "IPVS: 95th percentile", "median, of IPVS's", "as IPVS"],
            rows.Select(r => (string[])
            [
                r.Scheduler.ToText(), $"{r.Ours.Spread.Median:0.00}", $"{r.Ours.Spread.Quantile(0.95):0.00}", $"{r.Ipvs.Median:0.00}",
                $"{r.Ipvs.Quantile(0.95):0.00}", $"{r.Ours.Spread.Median / r.Ipvs.Median:0.00}",
                $"{(double)r.Ours.Allowed / Connections:0.0 %}",
            ]));
        report.Figure("scheduler-spread.svg", "Open connections of the busiest backend over the average, by scheduler", Plot.Bars(
            "Open connections: busiest backend over the average, dh (all to one) aside", "1 is even",
            ["ours", "IPVS"],
            [.. rows.Where(r => r.Scheduler != Scheduler.DestinationHash).Select(r
                => (r.Scheduler.ToText(), (IReadOnlyList<double>)[r.Ours.Spread.Median, r.Ipvs.Median]))]));
    }

    private static (Samples Spread, int Allowed) Ours(Scheduler scheduler)
    {
        using var program = new PacketProgram(bpf =>
        {
            // Nobody answers: each flow is half-open to its end, and none may be pushed out.
            bpf.Map(Abi.Tables.CtPending.Name).MaxEntries = 3 * 8_192;
            foreach (var table in new[] { Abi.Tables.Conntrack4.Name, Abi.Tables.Conntrack6.Name })
                bpf.Map(table).MaxEntries = 1 << 15;
        });
        CompiledTables.Fill(program, ForwardingCompiler.Compile(
            new ClusterBuilder()
                .Service("web", [Ends.Of(Family.IPv4).ClusterIp.ToString()], [":80"], scheduler: scheduler)
                .Slice("web-1", "web", [":8080"], [.. Enumerable.Range(1, Backends).Select(i => $"10.244.8.{i} node=here")])
                .Build(),
            new PolicyOptions { NodeName = "here" }, null));
        var (model, allowed) = (NewModel(scheduler), 0);
        var spread = Play(
            connection =>
            {
                var packet = Send(program, connection, TcpFlags.Syn).Packet;
                var backend = PacketReader.Read(packet).Ip.Destination.Address.GetAddressBytes()[3] - 1;
                if (model.Next(SourceOf(scheduler, connection), "web").Contains(backend)) allowed++;
                model.Begin(backend, SourceOf(scheduler, connection), "web");
                return backend;
            },
            (connection, backend) =>
            {
                Send(program, connection, TcpFlags.Rst);
                model.End(backend);
            });
        return (spread, allowed);
    }

    private static Samples Documented(Scheduler scheduler)
    {
        var (model, random) = (NewModel(scheduler), new Random(7));
        return Play(
            connection =>
            {
                var may = model.Next(SourceOf(scheduler, connection), "web");
                var backend = may[random.Next(may.Count)];
                model.Begin(backend, SourceOf(scheduler, connection), "web");
                return backend;
            },
            (_, backend) => model.End(backend));
    }

    private static SchedulerModel NewModel(Scheduler scheduler) => new(scheduler, [.. Enumerable.Repeat(1, Backends)]);

    /// <summary>For Maglev each connection is one of its own: the hash is of addresses and ports.</summary>
    private static string SourceOf(Scheduler scheduler, int connection)
        => scheduler == Scheduler.Maglev ? $"{connection}" : $"{ClientOf(connection)}";

    private static IPAddress ClientOf(int connection) => new([10, 244, 1, (byte)(20 + connection % Clients)]);

    /// <summary>The busiest backend over the average, after each connection.</summary>
    private static Samples Play(Func<int, int> begin, Action<int, int> end)
    {
        var random = new Random(5);
        var (open, ends, spread) = (new int[Backends], new PriorityQueue<(int Connection, int Backend), int>(), new Samples());
        for (var i = 0; i < Connections; i++)
        {
            while (ends.TryPeek(out var ended, out var at) && at <= i)
            {
                ends.Dequeue();
                end(ended.Connection, ended.Backend);
                open[ended.Backend]--;
            }
            var backend = begin(i);
            open[backend]++;
            ends.Enqueue((i, backend), i + (random.Next(10) == 0 ? Long : Short));
            if (i >= Warm) spread.Add(open.Max() / open.Average());
        }
        return spread;
    }

    private static PacketResult Send(PacketProgram program, int connection, TcpFlags flags) => program.Ingress(
        PacketBuilder.From(ClientOf(connection), 10_000 + connection).To(Ends.Of(Family.IPv4).ClusterIp, 80).Tcp(flags, 1, 0).Payload(0)
            .Build(),
        PacketLab.Pods);
}
