using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Testing.Time;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class FlowTableTests : IDisposable
{
    private readonly IFlowMap v4 = TestFlowMaps.InKernel(IpFamily.IPv4, 20_000);
    private readonly IFlowMap v6 = TestFlowMaps.InKernel(IpFamily.IPv6, 1000);
    private readonly FlowTable table;

    public FlowTableTests() => table = new FlowTable([v4, v6], new ManualTimeProvider());

    public void Dispose()
    {
        ((IDisposable)v4).Dispose();
        ((IDisposable)v6).Dispose();
    }

    [Fact]
    public void Flows_of_both_families_are_read_once_each()
    {
        for (var i = 0; i < 5000; i++) TestFlow.Number(i).AddTo(v4);
        new TestFlow
        {
            Client = "[2001:db8::1]:1", Frontend = "[fd00::1]:80", Backend = "[fd00::5]:8080", Snat = "[fd00::9]:61000",
        }.AddTo(v6);
        Assert.Equal(5001, table.Read(FlowFilter.All).Distinct().Count());
        Assert.Equal("[fd00::9]:61000",
            Assert.Single(table.Read(new FlowFilter { Client = EndpointFilter.Parse("2001:db8::/32") })).Snat?.ToString());
    }

    [Fact]
    public void Half_a_flow_is_shown_as_half_whichever_half_it_is()
    {
        v4.TryAdd(TestFlow.Number(1).Request);
        v4.TryAdd(TestFlow.Number(2).Reply);
        var flows = table.Read(FlowFilter.All).ToList();
        Assert.Equal(2, flows.Count);
        Assert.All(flows, f => Assert.False(f.IsWhole));
        Assert.Equal([TestFlow.Number(1).Client, TestFlow.Number(2).Client], flows.Select(f => f.Client.ToString()).Order());
    }

    [Fact]
    public void Removing_takes_both_entries_of_what_matches_and_nothing_else()
    {
        for (var i = 0; i < 100; i++)
            (TestFlow.Number(i) with { Service = (uint)(i % 2), Snat = i % 4 < 2 ? $"10.0.0.1:{61000 + i}" : null }).AddTo(v4);
        v4.TryAdd((TestFlow.Number(500) with { Service = 1 }).Reply);

        Assert.Equal(51, table.Remove(new FlowFilter { ServiceIds = new HashSet<uint> { 1 } }));

        Assert.Equal(100, v4.Count());
        Assert.All(table.Read(FlowFilter.All), f => Assert.Equal(0u, f.ServiceId));
        Assert.Equal(50, table.Remove(FlowFilter.All));
        Assert.Equal(0, v4.Count());
    }

    [Fact]
    public async Task Flows_that_stay_are_read_while_others_come_and_go()
    {
        for (var i = 0; i < 2000; i++) TestFlow.Number(i).AddTo(v4);
        using var stop = new CancellationTokenSource();
        var churn = Task.Run(() =>
        {
            for (var i = 10_000; !stop.IsCancellationRequested; i++)
            {
                var flow = TestFlow.Number(i % 40_000 + 10_000);
                v4.TryAdd(flow.Request);
                v4.TryAdd(flow.Reply);
                v4.Delete(flow.Request.Key);
                v4.Delete(flow.Reply.Key);
            }
        }, TestContext.Current.CancellationToken);
        var stay = Enumerable.Range(0, 2000).Select(i => TestFlow.Number(i).Client).ToHashSet();
        try
        {
            for (var round = 0; round < 5; round++)
                Assert.Equal(2000, table.Read(FlowFilter.All).Count(f => stay.Contains(f.Client.ToString())));
        }
        finally
        {
            await stop.CancelAsync();
            await churn;
        }
    }
}
