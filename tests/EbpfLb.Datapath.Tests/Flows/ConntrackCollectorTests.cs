using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class ConntrackCollectorTests
{
    private const int Capacity = 1000;

    [Fact]
    public async Task So_many_UDP_flows_may_become_conversations_as_their_share_has_room_for()
    {
        var map = new MemoryFlowMap(IpFamily.IPv4, Capacity) { UdpOpened = 5000 };
        using var collected = new CollectedMap(map);
        for (var i = 0; i < 60; i++) collected.Add(TestFlow.Number(i) with { Protocol = TransportProtocol.Udp, Phase = LbCtPhase.Open }, 1);
        for (var i = 60; i < 100; i++)
            collected.Add(TestFlow.Number(i) with { Protocol = TransportProtocol.Udp, Phase = LbCtPhase.Answered }, 1);
        for (var i = 100; i < 200; i++) collected.Add(TestFlow.Number(i), 1);

        await collected.SweepAsync();
        Assert.Equal(5000 + Capacity / 4 - 60, map.UdpLimit);

        for (var i = 200; i < 400; i++)
            collected.Add(TestFlow.Number(i) with { Protocol = TransportProtocol.Udp, Phase = LbCtPhase.Open }, 1);
        await collected.SweepAsync();
        Assert.Equal(5000, map.UdpLimit);
    }

    [Fact]
    public async Task The_programs_are_told_the_limit_by_the_agent_of_the_maps()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
        using var share = BpfMap.OpenPinned<uint, ulong>(
            new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(Abi.Tables.UdpShare.Name));
        share.Update((uint)LbUdpPlace.Opened6, 77);

        foreach (var map in dataplane.Conntrack.FlowMaps)
        {
            map.LimitUdp(map.UdpOpened + 9);
        }

        Assert.Equal((9ul, 86ul), (share.Lookup((uint)LbUdpPlace.Limit4), share.Lookup((uint)LbUdpPlace.Limit6)));
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("memory")]
    public async Task Flows_go_when_their_phase_says_so_and_the_others_stay(string kind)
    {
        using var collected = CollectedMap.Make(kind);
        var number = 0;
        var dead = new[]
        {
            Add(LbCtPhase.New, TransportProtocol.Tcp, 70), Add(LbCtPhase.Closed, TransportProtocol.Tcp, 70),
            Add(LbCtPhase.Closing, TransportProtocol.Tcp, 4000), Add(LbCtPhase.New, TransportProtocol.Udp, 40),
            Add(LbCtPhase.Open, TransportProtocol.Udp, 130), Add(LbCtPhase.Open, TransportProtocol.Sctp, 90_000),
            Add(LbCtPhase.Closed, TransportProtocol.Tcp, 70, snat: "10.0.0.1:61000"),
        };
        var alive = new[]
        {
            Add(LbCtPhase.New, TransportProtocol.Tcp, 50), Add(LbCtPhase.Answered, TransportProtocol.Tcp, 50),
            Add(LbCtPhase.Open, TransportProtocol.Tcp, 80_000),
            Add(LbCtPhase.Closing, TransportProtocol.Tcp, 3000), Add(LbCtPhase.Closed, TransportProtocol.Tcp, 20),
            Add(LbCtPhase.New, TransportProtocol.Udp, 20), Add(LbCtPhase.Open, TransportProtocol.Udp, 110),
            Add(LbCtPhase.Open, TransportProtocol.Tcp, 80_000, snat: "10.0.0.1:61001"),
        };

        var report = await collected.SweepAsync();

        Assert.All(dead, f => Assert.True(f.IsGoneFrom(collected.Map), $"{f} should be gone"));
        Assert.All(alive, f => Assert.True(f.IsIn(collected.Map), $"{f} should be there"));
        Assert.Equal((dead.Length, 0, 0, alive.Length * 2), (report.Expired, report.Shrunk, report.Orphans, report.Entries));
        Assert.Equal((2, 1, 3, 1, 1), (
            report.Flows[LbCtPhase.New], report.Flows[LbCtPhase.Answered], report.Flows[LbCtPhase.Open], report.Flows[LbCtPhase.Closing],
            report.Flows[LbCtPhase.Closed]));

        TestFlow Add(LbCtPhase phase, TransportProtocol protocol, double idle, string? snat = null)
            => collected.Add(TestFlow.Number(number++) with { Phase = phase, Protocol = protocol, Snat = snat }, idle);
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("memory")]
    public async Task A_connection_with_a_silent_side_has_five_minutes_one_after_a_RST_its_whole_time(string kind)
    {
        using var collected = CollectedMap.Make(kind);
        var number = 0;
        TestFlow[] alive = [Add(LbCtFlag.Unacked, default, 280), Add(default, LbCtFlag.Unacked, 280), Add(default, default, 310),
            Reset(110), Reset(80_000)];
        TestFlow[] dead = [Add(LbCtFlag.Unacked, default, 310), Add(default, LbCtFlag.Unacked, 310), Reset(90_000)];

        await collected.SweepAsync();

        Assert.All(dead, f => Assert.True(f.IsGoneFrom(collected.Map), $"{f} should be gone"));
        Assert.All(alive, f => Assert.True(f.IsIn(collected.Map), $"{f} should be there"));

        TestFlow Reset(double idle) => collected.Add(TestFlow.Number(number++) with { Phase = LbCtPhase.Reset }, idle);

        TestFlow Add(LbCtFlag request, LbCtFlag reply, double idle)
        {
            var flow = collected.At(TestFlow.Number(number++), idle);
            foreach (var (entry, flag) in new[] { (flow.Request, request), (flow.Reply, reply) })
                collected.Map.TryAdd(entry with { State = entry.State with { Flags = (byte)(entry.Flags | flag) } });
            return flow;
        }
    }

    [Fact]
    public async Task Where_a_tenth_of_the_map_is_after_a_RST_those_have_five_minutes()
    {
        using var collected = CollectedMap.Make("memory", Capacity);
        var collector = collected.Collector(collected.Map);
        var flows = Enumerable.Range(0, Capacity / 2 / 10).Select(n
            => collected.Add(TestFlow.Number(n) with { Phase = LbCtPhase.Reset }, n % 2 == 0 ? 310 : 280)).ToList();

        await collector.SweepAsync(0, TestContext.Current.CancellationToken);
        Assert.All(flows, f => Assert.True(f.IsIn(collected.Map), $"{f} should be there"));
        var report = await collector.SweepAsync(0, TestContext.Current.CancellationToken);

        Assert.Equal((flows.Count / 2, 0), (report.Expired, report.Shrunk));
    }

    [Theory]
    [InlineData("kernel", true)]
    [InlineData("kernel", false)]
    [InlineData("memory", true)]
    [InlineData("memory", false)]
    public async Task One_direction_with_traffic_keeps_both_entries(string kind, bool requestIsFresh)
    {
        using var collected = CollectedMap.Make(kind);
        var idle = collected.At(new TestFlow { Phase = LbCtPhase.New }, 100);
        var fresh = collected.At(idle, 1);
        collected.Map.TryAdd(requestIsFresh ? fresh.Request : idle.Request);
        collected.Map.TryAdd(requestIsFresh ? idle.Reply : fresh.Reply);

        var report = await collected.SweepAsync();

        Assert.True(idle.IsIn(collected.Map));
        Assert.Equal((0, 0, 2), (report.Expired, report.Orphans, report.Entries));
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("memory")]
    public async Task An_entry_without_its_other_half_goes_when_it_is_old_and_not_before(string kind)
    {
        using var collected = CollectedMap.Make(kind);
        var old = collected.At(TestFlow.Number(0) with { Phase = LbCtPhase.Closed }, 100);
        var young = collected.At(TestFlow.Number(1) with { Phase = LbCtPhase.Closed }, 10);
        var oldReply = collected.At(TestFlow.Number(2) with { Phase = LbCtPhase.Closed }, 100);
        collected.Map.TryAdd(old.Request);
        collected.Map.TryAdd(young.Request);
        collected.Map.TryAdd(oldReply.Reply);

        var report = await collected.SweepAsync();

        Assert.Equal((2, 0, 1), (report.Orphans, report.Expired, report.Entries));
        Assert.True(collected.Map.TryLookup(young.Request.Key, out _));
    }

    /// <summary>A connection that closes is counted by the program that sees it.</summary>
    [Fact]
    public async Task Flows_that_had_no_end_are_counted_as_ended_once()
    {
        var map = new MemoryFlowMap(IpFamily.IPv4, 100);
        using var collected = new CollectedMap(map);
        collected.Add(TestFlow.Number(1) with { Phase = LbCtPhase.New, Service = 7 }, 10_000);
        collected.Add(TestFlow.Number(2) with { Phase = LbCtPhase.Open, Service = 7 }, 1_000_000);
        collected.Add(TestFlow.Number(3) with { Phase = LbCtPhase.Closed, Service = 7 }, 10_000);

        await collected.SweepAsync();

        Assert.Equal(2, map.EndsOf(7));
    }

    [Fact]
    public async Task An_entry_whose_key_for_the_reply_belongs_to_another_flow_leaves_that_one_alone()
    {
        using var collected = CollectedMap.Make("memory");
        var owner = collected.Add(new TestFlow(), 1);
        var untranslated = collected.At(owner with { Frontend = "10.96.0.9:80", Phase = LbCtPhase.Closed }, 100);
        collected.Map.TryAdd(untranslated.Request);

        var report = await collected.SweepAsync();

        Assert.Equal(1, report.Orphans);
        Assert.True(owner.IsIn(collected.Map));
    }

    [Theory]
    [InlineData(0.95, 0)]
    [InlineData(0.97, 200)]
    [InlineData(1, 400)]
    public async Task Established_flows_that_were_idle_longest_go_first_when_the_map_is_nearly_full(double fill, int given)
    {
        using var collected = CollectedMap.Make("kernel");
        for (var i = 0; i < 400; i++) collected.Add(TestFlow.Number(i), i < 200 ? 10_000 : 100);
        var active = Enumerable.Range(400, 50).Select(i => collected.Add(TestFlow.Number(i), 55)).ToList();

        var report = await collected.SweepAsync(fill);

        Assert.Equal((given, 0), (report.Shrunk, report.Expired));
        Assert.All(active, f => Assert.True(f.IsIn(collected.Map)));
        Assert.Equal(900 - 2 * given, collected.Map.Count());
    }

    [Fact]
    public async Task A_packet_between_the_batch_and_the_look_saves_the_flow()
    {
        using var collected = CollectedMap.Make("memory");
        var flow = collected.Add(new TestFlow { Phase = LbCtPhase.New }, 100);
        var disturbed = new DisturbedMap(collected.Map) { BeforeBatch = () => Refresh(collected, flow) };

        var report = await collected.Collector(disturbed).SweepAsync(0, TestContext.Current.CancellationToken);

        Assert.Equal(0, report.Expired);
        Assert.True(flow.IsIn(collected.Map));
    }

    [Fact]
    public async Task A_packet_just_before_the_deletion_gets_the_reply_entry_back()
    {
        using var collected = CollectedMap.Make("memory");
        var flow = collected.Add(new TestFlow { Phase = LbCtPhase.New }, 100);
        var disturbed = new DisturbedMap(collected.Map);
        disturbed.AfterDelete = key =>
        {
            if (key == flow.Reply.Key) ((MemoryFlowMap)collected.Map).Set(collected.At(flow, 0).Request);
        };

        var report = await collected.Collector(disturbed).SweepAsync(0, TestContext.Current.CancellationToken);

        Assert.Equal(0, report.Expired);
        Assert.True(flow.IsIn(collected.Map));
        Assert.True(collected.Map.TryLookup(flow.Reply.Key, out var reply));
        Assert.Equal(collected.At(flow, 0).Reply, reply);
    }

    [Fact]
    public async Task A_flow_that_is_gone_when_its_turn_comes_is_no_failure()
    {
        using var collected = CollectedMap.Make("memory");
        var flow = collected.Add(new TestFlow { Phase = LbCtPhase.Closed }, 100);
        var disturbed = new DisturbedMap(collected.Map);
        disturbed.BeforeBatch = () =>
        {
            collected.Map.Delete(flow.Request.Key);
            collected.Map.Delete(flow.Reply.Key);
        };

        var report = await collected.Collector(disturbed).SweepAsync(0, TestContext.Current.CancellationToken);

        Assert.Equal((0, 0, 0), (report.Expired, report.Orphans, report.Entries));
    }

    [Fact]
    public async Task Flows_that_open_during_a_sweep_are_never_harmed()
    {
        using var collected = CollectedMap.Make("kernel", Capacity);
        for (var i = 0; i < 250; i++) collected.Add(TestFlow.Number(i) with { Phase = LbCtPhase.Closed }, 100);
        using var stop = new CancellationTokenSource();
        List<TestFlow> opened = [];
        var writer = Task.Run(() =>
        {
            for (var i = 1000; !stop.IsCancellationRequested && opened.Count < 200; i++)
            {
                var flow = collected.At(TestFlow.Number(i) with { Phase = LbCtPhase.New }, 0);
                flow.AddTo(collected.Map);
                opened.Add(flow);
            }
        }, TestContext.Current.CancellationToken);

        var expired = 0;
        while (!writer.IsCompleted) expired += (await collected.SweepAsync(fill: 1)).Expired;
        await writer;
        expired += (await collected.SweepAsync(fill: 1)).Expired;

        Assert.Equal(250, expired);
        Assert.Equal(200, opened.Count);
        Assert.All(opened, f => Assert.True(f.IsIn(collected.Map)));
        Assert.Equal(400, collected.Map.Count());
    }

    [Fact]
    public async Task A_full_map_is_empty_again_after_one_sweep_of_what_was_closed()
    {
        using var collected = CollectedMap.Make("kernel", Capacity);
        for (var i = 0; i < Capacity / 2; i++) collected.Add(TestFlow.Number(i) with { Phase = LbCtPhase.Closed }, 67 + i);
        Assert.False(collected.Map.TryAdd(TestFlow.Number(5000).Request));

        var report = await collected.SweepAsync(fill: 1);

        Assert.Equal((Capacity / 2, 0, 0.0), (report.Expired, report.Entries, report.Fill));
        Assert.Equal(0, collected.Map.Count());
    }

    [Fact]
    public async Task Options_for_life_times_are_obeyed()
    {
        using var collected = CollectedMap.Make("memory");
        var flow = collected.Add(new TestFlow { Phase = LbCtPhase.Open }, 20);
        var lifetimes = new FlowLifetimes { Established = TimeSpan.FromSeconds(10) };

        var report = await collected.Collector(collected.Map, lifetimes).SweepAsync(0, TestContext.Current.CancellationToken);

        Assert.Equal(1, report.Expired);
        Assert.True(flow.IsGoneFrom(collected.Map));
    }

    private static void Refresh(CollectedMap collected, TestFlow flow)
    {
        ((MemoryFlowMap)collected.Map).Set(collected.At(flow, 0).Request);
        ((MemoryFlowMap)collected.Map).Set(collected.At(flow, 0).Reply);
    }
}
