using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Benchmarks.Schedulers;

/// <summary>
/// How even the backends' open connections are, by scheduler: packets of connections through the real program, nine in ten short, one in
/// ten fifty times as long.
/// </summary>
internal static class SpreadBench
{
    private const int Backends = 10;
    private const int Connections = 6_000;
    private const int Warm = 1_500;
    private const int Short = 20;
    private const int Long = 1_000;

    private static readonly Scheduler[] Compared =
        [Scheduler.Random, Scheduler.Maglev, Scheduler.RoundRobin, Scheduler.LeastConnection];

    public static void Run()
    {
        var rows = Compared.Select(scheduler => (Scheduler: scheduler, Spread: Measure(scheduler))).ToList();
        Report.Title("Open connections of the busiest backend over the average",
            $"{Backends} backends, {Connections} connections one after the other; nine of ten last while {Short} others begin, one lasts "
                + $"{Long}.");
        Report.Table(["scheduler", "median", "95th percentile"],
            rows.Select(r => (string[])[r.Scheduler.ToText(), $"{r.Spread.Median:0.00}", $"{r.Spread.Quantile(0.95):0.00}"]));
        Plot.Bars("scheduler-spread.svg", "Open connections: busiest backend over the average", "1 is even", ["median", "95th percentile"],
            [.. rows.Select(r => (r.Scheduler.ToText(), (IReadOnlyList<double>)[r.Spread.Median, r.Spread.Quantile(0.95)]))]);
    }

    private static Samples Measure(Scheduler scheduler)
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
        var random = new Random(5);
        var (open, ends, spread) = (new int[Backends], new PriorityQueue<(int Port, int Backend), int>(), new Samples());
        for (var i = 0; i < Connections; i++)
        {
            while (ends.TryPeek(out var ended, out var at) && at <= i)
            {
                ends.Dequeue();
                Send(program, ended.Port, TcpFlags.Rst);
                open[ended.Backend]--;
            }
            var port = 10_000 + i;
            var backend = PacketReader.Read(Send(program, port, TcpFlags.Syn).Packet).Ip.Destination.Address.GetAddressBytes()[3] - 1;
            open[backend]++;
            ends.Enqueue((port, backend), i + (random.Next(10) == 0 ? Long : Short));
            if (i >= Warm) spread.Add(open.Max() / open.Average());
        }
        return spread;
    }

    private static PacketResult Send(PacketProgram program, int port, TcpFlags flags) => program.Ingress(
        PacketBuilder.From(Ends.Of(Family.IPv4).LocalPod, port).To(Ends.Of(Family.IPv4).ClusterIp, 80).Tcp(flags, 1, 0).Payload(0).Build(),
        PacketLab.Pods);
}
