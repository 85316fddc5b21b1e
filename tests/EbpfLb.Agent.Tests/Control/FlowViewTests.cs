using EbpfLb.Abi;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Tests.Flows;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Control;

/// <summary>Flows in memory maps, asked for through the control socket.</summary>
public sealed class FlowViewTests : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ManualTimeProvider time = new();
    private readonly MemoryFlowMap map = new(IpFamily.IPv4, 1000);
    private readonly DropHistory drops = new(10);
    private readonly Names names = new();
    private readonly ControlServer server;
    private ControlClient? client;
    private string? dropProblem;

    public FlowViewTests()
    {
        var flows = new FlowView(Origin.Agent, new FlowTable([map], time), names, drops, time, () => dropProblem);
        server = new ControlServer(
            directory.File("a.sock"), new ViewOf(flows), Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        await server.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Flows_come_with_names_and_are_found_by_them()
    {
        Add(1, service: 7);
        Add(2, service: 8);
        Add(3, service: 9);
        var flows = await FlowsAsync();

        var all = await flows.ListAsync(new FlowQuery(), TestContext.Current.CancellationToken);
        Assert.Equal(["default/web:http", "default/web:https", null], all.Flows.Select(f => f.Service));
        Assert.Equal((3, 100.0), (all.Matching, Math.Round(all.Flows[0].IdleSeconds / 10) * 10));
        Assert.Equal(2, (await flows.ListAsync(new FlowQuery(Service: "default/web"), TestContext.Current.CancellationToken)).Matching);
        Assert.Equal(
            1, (await flows.ListAsync(new FlowQuery(Service: "default/web:https"), TestContext.Current.CancellationToken)).Matching);
        Assert.Equal(1, (await flows.ListAsync(new FlowQuery(Service: "#9"), TestContext.Current.CancellationToken)).Matching);
        var limited = await flows.ListAsync(new FlowQuery(Limit: 2), TestContext.Current.CancellationToken);
        Assert.Equal((3, 2), (limited.Matching, limited.Flows.Count));
    }

    [Fact]
    public async Task Flushing_removes_what_matches_and_tells_how_many()
    {
        for (var i = 1; i <= 6; i++) Add(i, service: i % 2 == 0 ? 7u : 9u);
        var flows = await FlowsAsync();
        Assert.Equal(
            3, (await flows.FlushAsync(new FlowQuery(Service: "default/web:http"), TestContext.Current.CancellationToken)).Removed);
        Assert.Equal(6, map.Count);
        var count = await flows.CountAsync(new FlowQuery(), TestContext.Current.CancellationToken);
        Assert.Equal([new FlowGroup("IPv4", "TCP", "open", 3)], count.Groups);
        Assert.Equal([new ServiceFlows(null, 9, 3)], count.Services);
        Assert.Equal([new MapStatus("lb_conntrack4", 6, 1000)], count.Maps);
    }

    [Fact]
    public async Task A_name_that_nobody_has_comes_back_as_a_message()
    {
        var flows = await FlowsAsync();
        var unknown = await Assert.ThrowsAsync<UnknownServiceException>(()
            => flows.FlushAsync(new FlowQuery(Service: "a/b"), TestContext.Current.CancellationToken));
        Assert.Contains("no service port 'a/b' is programmed", unknown.Message);
        // Nothing is programmed, which is no reason to doubt that an agent answers.
        names.Known.Clear();
        unknown = await Assert.ThrowsAsync<UnknownServiceException>(()
            => flows.ListAsync(new FlowQuery(Service: "a/b"), TestContext.Current.CancellationToken));
        Assert.Contains("no service port 'a/b' is programmed", unknown.Message);
        names.Unknown = new NoServiceNames().Unknown;
        var nameless = await Assert.ThrowsAsync<UnknownServiceException>(()
            => flows.ListAsync(new FlowQuery(Service: "a/b"), TestContext.Current.CancellationToken));
        Assert.Contains("no agent answers and the maps hold no names: give #ID", nameless.Message);
        Assert.Empty((await flows.ListAsync(new FlowQuery(Service: "#3"), TestContext.Current.CancellationToken)).Flows);
    }

    [Fact]
    public async Task Drops_are_handed_over_and_waited_for()
    {
        var flows = await FlowsAsync();
        Drop(1);
        var first = await flows.DropsAsync(0, TimeSpan.Zero, TestContext.Current.CancellationToken);
        var row = Assert.Single(first.Drops);
        Assert.Equal((1L, 1L, "drop_range", "default/web:http"), (first.Last, row.Number, row.Reason, row.Service));
        Assert.Contains("loadBalancerSourceRanges", row.Meaning);

        var waiting = flows.DropsAsync(first.Last, TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(5)).WaitAsync(TestContext.Current.CancellationToken);
        Drop(2);
        Assert.Equal(2, (await waiting).Last);
    }

    [Fact]
    public async Task Why_drops_are_not_reported_is_handed_over()
    {
        var flows = await FlowsAsync();
        Drop(1);
        Assert.Null((await flows.DropsAsync(0, TimeSpan.Zero, TestContext.Current.CancellationToken)).Problem);

        dropProblem = "dropEvents is false";
        foreach (var (after, count) in new[] { (0, 1), (1, 0) })
        {
            var report = await flows.DropsAsync(after, TimeSpan.Zero, TestContext.Current.CancellationToken);
            Assert.Equal((count, "dropEvents is false"), (report.Drops.Count, report.Problem));
        }
    }

    private async Task<IFlowView> FlowsAsync()
    {
        await server.StartAsync(TestContext.Current.CancellationToken);
        client = await ControlClient.TryConnectAsync(directory.File("a.sock"), TestContext.Current.CancellationToken);
        return client!.Flows;
    }

    private void Drop(ushort port) => drops.Add(new DropEvent(
        time.GetUtcNow(), LbReason.DropRange, new FlowEndpoint(IpAddress.Parse("192.0.2.1"), port),
        new FlowEndpoint(IpAddress.Parse("10.96.0.1"), 80), 6, 0, 60, 7));

    private void Add(int number, uint service)
    {
        var address = new FlowEndpoint(IpAddress.Parse("192.0.2.1"), (ushort)number);
        var state = new LbCtState { ServiceId = service, Phase = (byte)LbCtPhase.Open, Tick = new FlowClock(time).Now - 93 };
        var request = new FlowEntry(
            new FlowKey(address, new FlowEndpoint(IpAddress.Parse("10.96.0.1"), 80), 6, LbCtHook.Ingress),
            address, new FlowEndpoint(IpAddress.Parse("10.244.0.5"), 8080), state);
        map.TryAdd(request);
        map.TryAdd(request.ToSibling(oif: 0));
    }

    private sealed class Names : IServiceNames
    {
        public string? Unknown { get; set; }

        public ServicePortKey? Find(uint id) => Read().TryGetValue(id, out var port) ? port : null;

        public Dictionary<uint, ServicePortKey> Known { get; } = new()
        {
            [7] = new(new ObjectName("default", "web"), "http", TransportProtocol.Tcp, IpFamily.IPv4),
            [8] = new(new ObjectName("default", "web"), "https", TransportProtocol.Tcp, IpFamily.IPv4),
        };

        public IReadOnlyDictionary<uint, ServicePortKey> Read() => Known;
    }

    private sealed class ViewOf(IFlowView flows) : IInstanceView
    {
        public Task<VerifyReport> VerifyAsync(bool repair, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IFlowView Flows => flows;

        public Task<StatusReport> StatusAsync(CancellationToken cancellationToken) => Task.FromResult(FakeView.ReadyStatus);

        public Task<ServicesReport> ServicesAsync(ServiceQuery query, CancellationToken cancellationToken)
            => Task.FromResult(new ServicesReport(Origin.Agent, []));

        public Task<BackendsReport> BackendsAsync(ServiceQuery query, CancellationToken cancellationToken)
            => Task.FromResult(new BackendsReport(Origin.Agent, []));
    }
}
