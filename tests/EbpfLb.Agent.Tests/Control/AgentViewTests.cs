using EbpfLb.Abi;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Services;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Control;

public sealed class AgentViewTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Slice("web-1", "web", ["http:8080"], ["10.1.0.1 node=node-1", "10.1.0.2 node=node-2", "10.1.0.3 node=node-2"]);

    /// <summary>Its source cannot be read: it has no table.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("default/web")]
    [InlineData("#1")]
    public async Task An_agent_that_has_programmed_nothing_yet_says_so_and_lists_nothing(string? service)
    {
        var state = new PipelineState(() => new SourceStatus("test", false, null, "refused"),
            new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false);
        var view = new AgentView("lab", "1", TimeProvider.System, state, new FakeDataplane(), new FlowState(), new FakeFlows());
        var query = ServiceQuery.Parse(service);

        var unknown = await Assert.ThrowsAsync<NotKnownYetException>(()
            => view.ServicesAsync(query, TestContext.Current.CancellationToken));
        Assert.StartsWith("the Services are not known yet", unknown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotKnownYetException>(() => view.BackendsAsync(query, TestContext.Current.CancellationToken));
        Assert.Equal(NotKnownYetException.Text, new ServiceNames(new FakeDataplane(), state).Unknown);
    }

    [Fact]
    public async Task A_Service_that_is_not_in_the_kernel_is_said_to_be_none_of_it_and_why()
    {
        Webs();
        failures = [new ObjectFailure(new ObjectName("default", "web"), "lb_services4 is full; --max-frontends makes it larger")];
        var kernel = new FakeDataplane();
        kernel.Counters[new ServicePortKey(new ObjectName("prod", "web"), "http", TransportProtocol.Tcp, IpFamily.IPv4)]
            = new PortCounters(3, 1, 0, 0, 0);

        var report = await View(kernel).ServicesAsync(ServiceQuery.All, TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                ("default/web", null, false, "lb_services4 is full; --max-frontends makes it larger"),
                ("default/web", null, false, "lb_services4 is full; --max-frontends makes it larger"), ("prod/web", (uint?)3, true, null),
            ], report.Services.Select(s => (s.Service, s.Id, s.Programmed, s.Failure)));
    }

    private IReadOnlyList<ObjectFailure> failures = [];

    private AgentView View(params BackendDrain[] drains) => View(new FakeDataplane(), drains);

    private AgentView View(FakeDataplane kernel, params BackendDrain[] drains)
    {
        var (snapshot, options)
            = (cluster.Build(), new PolicyOptions { NodeName = ClusterChanges.NodeName, Drains = drains.ToValueList() });
        var table = ForwardingCompiler.Compile(snapshot, options, null);
        var state = new PipelineState(
            () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false);
        state.RecordCompiled(new CompiledState(snapshot, options, table));
        state.RecordRound(new RoundReport(1, default, 1, 1, default, default, true, failures, null), table);
        return new AgentView("lab", "1", TimeProvider.System, state, kernel, new FlowState(), new FakeFlows());
    }

    private async Task<ServicesReport> ServicesAsync(string? service = null, string? within = null)
        => await View().ServicesAsync(ServiceQuery.Parse(service, within), TestContext.Current.CancellationToken);

    private async Task<IEnumerable<string>> RowsAsync()
        => (await ServicesAsync()).Services.SelectMany(s => s.Frontends).Select(f
            => $"{f.Kind} {f.Address}:{f.PortNumber} {f.Policy} {f.Backends}");

    [Fact]
    public async Task Every_frontend_has_its_kind_and_the_policy_that_governs_it()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], outside: TrafficPolicy.Local, externalIPs: ["203.0.113.1"],
            balancerIPs: ["198.51.100.1"]);

        Assert.Equal(
            ["ClusterIP 10.96.0.1:80 Cluster 3", "LoadBalancer 198.51.100.1:80 Local 1", "ExternalIP 203.0.113.1:80 Local 1",
                "NodePort 0.0.0.0:30080 Local 1"],
            await RowsAsync());
    }

    [Fact]
    public async Task The_backends_counted_are_those_that_the_policy_asks_for()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], inside: TrafficPolicy.Local);

        Assert.Equal(["ClusterIP 10.96.0.1:80 Local 1", "NodePort 0.0.0.0:30080 Cluster 3"], await RowsAsync());
    }

    [Theory]
    [InlineData("web", null, "default/web:http default/web:metrics prod/web:http")]
    [InlineData("web", "prod", "prod/web:http")]
    [InlineData("default/web", null, "default/web:http default/web:metrics")]
    [InlineData("default/web:http", null, "default/web:http")]
    [InlineData("web:9090", null, "default/web:metrics")]
    [InlineData("prod/", null, "prod/web:http")]
    [InlineData(null, "prod", "prod/web:http")]
    [InlineData(null, null, "default/web:http default/web:metrics prod/web:http")]
    public async Task Services_are_asked_for_as_they_are_printed(string? service, string? within, string expected)
    {
        Webs();

        var report = await ServicesAsync(service, within);

        Assert.Equal(expected.Split(' '), report.Services.Select(s => $"{s.Service}:{s.Port}"));
    }

    [Theory]
    [InlineData("default/wbe", "there is no Service 'default/wbe'; did you mean 'default/web'?")]
    [InlineData("wbe", "there is no Service 'wbe'; did you mean 'default/web'?")]
    [InlineData("staging/web", "there is no Service 'staging/web'; did you mean 'default/web'?")]
    [InlineData("prd/", "no Service is in namespace 'prd'; did you mean 'prod'?")]
    [InlineData("nosuch", "there is no Service 'nosuch'; `ebpflb services` lists what there is")]
    [InlineData("default/web:htp", "Service default/web has no port 'htp'; it has http, metrics; did you mean 'http'?")]
    [InlineData("#99", "no service port has the id 99; `ebpflb services` lists what there is")]
    [InlineData("default/head", "Service default/head is not served: it is headless")]
    [InlineData("ebpflb-canary", "there is no Service 'ebpflb-canary'")]
    public async Task What_is_not_there_is_an_error_that_says_what_is(string service, string message)
    {
        Webs();
        cluster.Service("head", [], ["http:80"]);

        var unknown = await Assert.ThrowsAsync<UnknownServiceException>(() => ServicesAsync(service));

        Assert.StartsWith(message, unknown.Message);
        await Assert.ThrowsAsync<UnknownServiceException>(()
            => View().BackendsAsync(ServiceQuery.Parse(service), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task No_backends_have_their_reason()
    {
        cluster.Service("named", ["10.96.0.2"], ["http:80"]).Slice("named-1", "named", ["web:8080"], ["10.1.0.4"])
            .Service("unready", ["10.96.0.3"], ["http:80"])
            .Slice("unready-1", "unready", ["http:8080"], ["10.1.0.5 unready", "10.1.0.6 unready"])
            .Service("away", ["10.96.0.4"], ["http:80"], inside: TrafficPolicy.Local)
            .Slice("away-1", "away", ["http:8080"], ["10.1.0.7 node=node-2"])
            .Service("bare", ["10.96.0.5"], ["http:80"]);

        var reasons = (await ServicesAsync()).Services.ToDictionary(s => s.Service!, s => Assert.Single(s.Frontends).NoBackends);

        Assert.StartsWith(
            "no EndpointSlice of Service default/named has a port \"http\" with TCP; they have \"web\"/TCP", reasons["default/named"]);
        Assert.Equal("none of its 2 endpoints is ready: look at the readiness of its pods", reasons["default/unready"]);
        Assert.Equal("none of its 1 ready endpoints is on node node-1, and the traffic policy is Local", reasons["default/away"]);
        Assert.Equal("Service default/bare has no EndpointSlice: does its selector match pods that run?", reasons["default/bare"]);
        var empty = (await View().BackendsAsync(ServiceQuery.Parse("default/bare"), TestContext.Current.CancellationToken)).Empty;
        Assert.Equal(new EmptyPort("default/bare", "http", "TCP", "IPv4", reasons["default/bare"]!), Assert.Single(empty));
    }

    [Fact]
    public async Task Backends_have_where_they_are_and_in_which_state()
    {
        // Of a UDP port those that serve keep what they have.
        cluster.Node(ClusterChanges.NodeName, zone: "own").Service("web", ["10.96.0.1"], ["dns:53/UDP"]).Slice(
            "web-1", "web", ["dns:53/UDP"],
            ["10.1.0.1 node=node-1", "10.1.0.2 node=node-2 zone=b", "10.1.0.3", "10.1.0.4 node=node-2 zone=b", "10.1.0.5 weight=0",
                "10.1.0.6 terminating node=node-1 zone=a", "10.1.0.7 unready"]);

        Assert.Equal(
            [
                "10.1.0.1 node-1 own True ready", "10.1.0.2 node-2 b False ready", "10.1.0.3 - - False ready",
                "10.1.0.4 node-2 b False drained", "10.1.0.5 - - False weight 0", "10.1.0.6 node-1 a True terminating, serving, not used",
            ], await PlacesAsync(new BackendDrain(IpAddress.Parse("10.1.0.4"), 0, null, false)));
    }

    [Fact]
    public async Task Backends_of_which_none_is_ready_are_used_to_their_end_and_say_so()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"]).Slice("web-1", "web", ["http:8080"],
            ["10.1.0.1 terminating node=node-1", "10.1.0.2 gone node=node-2"]);
        Assert.Equal("10.1.0.1 node-1 - True terminating, serving", (await PlacesAsync())[0]);

        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1 node=node-1"]);
        Assert.Equal(["10.1.0.1 node-1 - True ready"], await PlacesAsync());
    }

    private async Task<IReadOnlyList<string>> PlacesAsync(params BackendDrain[] drains)
    {
        var report = await View(drains).BackendsAsync(ServiceQuery.Parse("default/web"), TestContext.Current.CancellationToken);
        return [.. report.Backends.Select(b => $"{b.Address} {b.Node ?? "-"} {b.Zone ?? "-"} {b.Local} {b.State}")];
    }

    private void Webs()
        => cluster.Service("web", ["10.96.0.1"], ["http:80", "metrics:9090"]).Service("prod/web", ["10.96.1.1"], ["http:80"]);

    [Fact]
    public async Task Status_shows_dropped_packets_in_words_and_how_full_the_flows_are()
    {
        var state = new PipelineState(
            () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false);
        var dataplane = new FakeDataplane
        {
            Reasons = [new(LbReason.PktReply, 9, 900), new(LbReason.DropRange, 0, 0), new(LbReason.DropCtFull, 2, 120),
                new(LbReason.PktReplyLost, 1, 60)],
            Retiring = new Planning.Apply.RetireStatus(3, 5, "writing to lb_backends failed with Busy (errno 16)"),
        };
        var flows = new FlowState();
        flows.Record(
            new SweepReport(IpFamily.IPv4, "lb_conntrack4", 500, 1000, new Dictionary<LbCtPhase, int>(), 0, 0, 0, default, default));

        var status = await new AgentView("lab", "1", TimeProvider.System, state, dataplane, flows, new FakeFlows())
            .StatusAsync(TestContext.Current.CancellationToken);

        Assert.All(status.Drops, d => Assert.Equal(0UL, d.PacketsSinceStart));
        Assert.Equal(
            [("drop_ct_full", 2UL, 120UL), ("pkt_reply_lost", 1UL, 60UL)], status.Drops.Select(d => (d.Reason, d.Packets, d.Bytes)));
        Assert.All(status.Drops, d => Assert.NotNull(d.Advice));
        Assert.Contains(new MapStatus("lb_conntrack4", 500, 1000), status.Maps);
        Assert.Contains(status.Warnings,
            w => w.StartsWith(
                "3 ids of what is gone count as in use, as they cannot be cleared: writing to lb_backends", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Status_says_how_long_ago_the_source_was_heard_and_which_health_check_ports_could_not_be_had()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        var contact = time.GetUtcNow();
        var state = new PipelineState(() => new SourceStatus("test", true, contact, null) { ContactAge = TimeSpan.FromSeconds(65) },
            new ProxyHealthTracker(time, TimeSpan.FromSeconds(30)), false);
        var view = new AgentView("lab", "1", time, state, new FakeDataplane(), new FlowState(), new FakeFlows(),
            servicePortProblems: () => ["Service default/web: healthCheckNodePort 32000 cannot be listened on"]);
        // A clock that was set says nothing of how long ago it was.
        time.Advance(TimeSpan.FromHours(5));

        var status = await view.StatusAsync(TestContext.Current.CancellationToken);

        Assert.Equal((contact, 65.0), (status.Source!.LastContact!.Value, status.Source.ContactAgeSeconds!.Value));
        Assert.Equal(["Service default/web: healthCheckNodePort 32000 cannot be listened on"], status.Warnings);
    }
}
