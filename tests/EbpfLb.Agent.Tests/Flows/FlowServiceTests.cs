using EbpfLb.Abi;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Flows;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Flows;

public sealed class FlowServiceTests : IDisposable
{
    private readonly FakeDataplane dataplane = new();
    private readonly ManualTimeProvider time = new();
    private readonly FlowState state = new();
    private readonly CollectedLog log = new();
    private readonly MetricRegistry metrics = new();

    public void Dispose()
    {
        metrics.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task The_agent_expires_flows_with_its_options_and_counts_those_that_stay()
    {
        Add(1, LbCtPhase.Open, idleTicks: 100);
        Add(2, LbCtPhase.Open, idleTicks: 5);
        var options = new FlowOptions(new FlowLifetimes { Established = TimeSpan.FromSeconds(60) }, 0.05);
        using var service = new FlowService(
            dataplane, dataplane, () => options, state, new FlowMetrics(metrics, () => state.Flows), time,
            log.Loggers.CreateLogger("flows"));

        await service.StartAsync(TestContext.Current.CancellationToken);
        Eventually.True(() => state.Maps.Count == 2, "both maps are collected");
        await service.StopAsync(TestContext.Current.CancellationToken);

        // How many flows were opened is asked for twice a second: it is one element of sixty.
        Assert.InRange(dataplane.ReasonLookups, 1, 5);
        Assert.Equal(2, dataplane.Flows4.Count);
        Assert.Equal(new MapReading("lb_conntrack4", 2, 1000), state.Maps[0]);
        Assert.Contains(new FlowReading(IpFamily.IPv4, "open", 1), state.Flows);
        Assert.Contains(new FlowReading(IpFamily.IPv6, "closed", 0), state.Flows);
        Assert.Equal(12, state.Flows.Count);
    }

    [Fact]
    public void Packets_and_other_events_are_metrics_of_their_own()
    {
        dataplane.Reasons = [new(LbReason.SockTranslated, 7, 0), new(LbReason.PktReply, 9, 900), new(LbReason.DropCtFull, 2, 120),
            new(LbReason.CtEvicted, 1, 0)];
        var readings = NewReadings();
        Assert.Equal([new EventReading("sock_translated", 7), new EventReading("ct_evicted", 1)], readings.ReadEvents());
        Assert.Equal([new PacketReading("pkt_reply", "balanced", 9, 900), new PacketReading("drop_ct_full", "dropped", 2, 120)],
            readings.ReadPackets());
    }

    [Fact]
    public void One_look_at_what_is_in_force_serves_all_metrics_of_a_scrape()
    {
        dataplane.Attach();
        var readings = NewReadings();
        Assert.Equal((1, 0), (readings.CountAttachedPrograms(), readings.CountAttachedDevices()));
        Assert.Equal(1, dataplane.Looks);

        dataplane.Faults = () => [new Difference(VerifyStage.Attachment, "hook connect4", Difference.Whole, "attached", Difference.None)];
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((0, 0), (readings.CountAttachedPrograms(), readings.CountAttachedDevices()));
        Assert.Equal(2, dataplane.Looks);
    }

    private DataplaneReadings NewReadings() => new(
        dataplane, dataplane,
        new PipelineState(() => new FakeSource().Status, new ProxyHealthTracker(time, TimeSpan.FromSeconds(30)), false), state, time);

    private void Add(ushort port, LbCtPhase phase, uint idleTicks)
    {
        var client = new FlowEndpoint(IpAddress.Parse("192.0.2.1"), port);
        var request = new FlowEntry(
            new FlowKey(client, new FlowEndpoint(IpAddress.Parse("10.96.0.1"), 80), 6, LbCtHook.Ingress),
            client, new FlowEndpoint(IpAddress.Parse("10.244.0.5"), 8080),
            new LbCtState { Phase = (byte)phase, Tick = new FlowClock(time).Now - idleTicks });
        dataplane.Flows4.TryAdd(request);
        dataplane.Flows4.TryAdd(request.ToSibling(2));
    }
}
