using EbpfLb.Abi;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Benchmarks.Sweep;

/// <summary>What a sweep of the conntrack map costs, in a map that holds 100,000 entries: nothing to do, a tenth to expire, all.</summary>
internal static class SweepBench
{
    private const int Flows = 50_000;
    private const int Rounds = 9;

    public static async Task RunAsync(Report report)
    {
        var kinds = new[] { 0, 10, 100 }.Select(percent => (Percent: percent, Ms: new Samples())).ToArray();
        using var map = KernelFlowMap.Open4(BpfMap.Create(new MapSpec("sweep_bench", MapType.Hash, 16, 32, 4 * Flows)));
        var collector = new ConntrackCollector(
            map, new ExpiryPolicy(new FlowLifetimes()), TimeProvider.System, new SweepPacer(TimeProvider.System, share: 1));
        var clock = new FlowClock(TimeProvider.System);
        for (var round = -2; round < Rounds; round++)
        {
            foreach (var (percent, ms) in kinds)
            {
                for (uint i = 0; i < Flows; i++) Add(map, i, i % 100 < percent ? clock.Now - 1000 : clock.Now);
                var sweep = await collector.SweepAsync(0, CancellationToken.None);
                if (sweep.Expired != Flows / 100 * percent)
                    throw new InvalidOperationException($"{sweep.Expired} flows expired instead of {percent} %");
                if (round >= 0) ms.Add(sweep.Work.TotalMilliseconds);
            }
        }
        report.Title(
            "A sweep over 100,000 conntrack entries",
            "50,000 flows in lb_conntrack4, real map, one thread without pauses, median [quartiles] of "
                + $"{Rounds}. The agent spreads this so that it takes at most its share of a core.");
        report.Table(
            ["flows that expire", "ms per 100,000 entries", "of 0 %"],
            kinds.Select(k => (string[])[$"{k.Percent} %", k.Ms.Text("0.0"), k.Ms.Over(kinds[0].Ms).Text("0.00")]));
    }

    private static void Add(IFlowMap map, uint number, uint tick)
    {
        var client = new FlowEndpoint(IpAddress.FromIPv4(0xc000_0200 + number / 1000), (ushort)(10_000 + number % 1000));
        var frontend = new FlowEndpoint(IpAddress.FromIPv4(0x0a60_0001), 80);
        var backend = new FlowEndpoint(IpAddress.FromIPv4(0x0af4_0005), 8080);
        var state = new LbCtState { ServiceId = 1, Tick = tick, Phase = (byte)LbCtPhase.Closed, Flags = (byte)LbCtFlag.Stack };
        var request = new FlowEntry(new FlowKey(client, frontend, (byte)TransportProtocol.Tcp, LbCtHook.Ingress), client, backend, state);
        // What the last round left is replaced.
        map.Delete(request.Key);
        map.Delete(request.SiblingKey);
        if (!map.TryAdd(request) || !map.TryAdd(request.ToSibling(2))) throw new InvalidOperationException("the map is full");
    }
}
