using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Tests.Flows;

namespace EbpfLb.Datapath.Tests.Loader;

public sealed class FlowSelectionTests
{
    [Fact]
    public void Open_flows_come_first_then_half_open_ones_then_closed_ones_and_of_each_the_one_used_last()
    {
        List<TestFlow> flows =
        [
            Flow(0, LbCtPhase.Closed, tick: 90), Flow(1, LbCtPhase.Answered, tick: 80), Flow(2, LbCtPhase.Open, tick: 10),
            Flow(3, LbCtPhase.Closing, tick: 20), Flow(4, LbCtPhase.New, tick: 85), Flow(5, LbCtPhase.Closed, tick: 95),
        ];

        var selection = FlowSelection.Of(EntriesOf(flows), room: 100, halfOpenRoom: 10, closedRoom: 10);

        Assert.Equal(
            new[] { 3, 2, 4, 1, 5, 0 }.SelectMany(n
                => new[] { flows[n].Request.Key, flows[n].Reply.Key }), selection.Entries.Select(e => e.Key));
        Assert.Equal(2, selection.Open);
        Assert.Equal([flows[1].Request.Key, flows[4].Request.Key], selection.HalfOpen);
        Assert.Equal([flows[0].Request.Key, flows[5].Request.Key], selection.Closed);
        Assert.Equal(85u, selection.TickOf(flows[4].Request.Key));
    }

    [Fact]
    public void A_flow_goes_along_whole_or_not_at_all()
    {
        var flows = Enumerable.Range(0, 3).Select(n => Flow(n, LbCtPhase.Open, (uint)n) with { Service = (uint)n }).ToList();

        var selection = FlowSelection.Of(EntriesOf(flows), room: 5, halfOpenRoom: 10, closedRoom: 10);

        Assert.Equal(
            [flows[2].Request.Key, flows[2].Reply.Key, flows[1].Request.Key, flows[1].Reply.Key], selection.Entries.Select(e => e.Key));
        Assert.Equal([0u], selection.LeftOut.Select(o => o.ServiceId));
    }

    [Fact]
    public void Flows_that_no_ring_can_name_are_left_out_and_closed_ones_do_not_count_as_lost()
    {
        List<TestFlow> flows =
        [
            Flow(0, LbCtPhase.New, tick: 1), Flow(1, LbCtPhase.New, tick: 2), Flow(2, LbCtPhase.Closed, tick: 3),
        ];

        var selection = FlowSelection.Of(EntriesOf(flows), room: 100, halfOpenRoom: 1, closedRoom: 0);

        Assert.Equal([flows[1].Request.Key], selection.HalfOpen);
        Assert.Empty(selection.Closed);
        Assert.Single(selection.LeftOut);
    }

    [Fact]
    public void A_flow_that_lost_its_request_entry_is_named_by_the_key_of_it()
    {
        var flow = Flow(0, LbCtPhase.Answered, tick: 7);

        var selection = FlowSelection.Of([flow.Reply], room: 100, halfOpenRoom: 10, closedRoom: 10);

        Assert.Equal([flow.Request.Key], selection.HalfOpen);
        Assert.Equal(flow.Reply.Key, Assert.Single(selection.Entries).Key);
    }

    private static TestFlow Flow(int number, LbCtPhase phase, uint tick) => TestFlow.Number(number) with { Phase = phase, Tick = tick };

    private static IEnumerable<FlowEntry> EntriesOf(IEnumerable<TestFlow> flows) => flows.SelectMany(f => new[] { f.Reply, f.Request });
}
