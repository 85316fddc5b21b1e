using EbpfLb.Abi;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Flows;
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

    private async Task<IEnumerable<string>> RowsAsync()
    {
        var table = ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { NodeName = ClusterChanges.NodeName }, null);
        var state = new PipelineState(() => new SourceStatus("test", true, null, null), new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false);
        state.RecordRound(new RoundReport(1, default, 1, 1, default, default, true, [], null), table);
        var view = new AgentView("lab", "1", TimeProvider.System, state, new FakeDataplane(), new FlowState(), new FakeFlows());
        var report = await view.ServicesAsync(TestContext.Current.CancellationToken);
        return report.Services.Select(s => $"{s.Kind} {s.Address}:{s.PortNumber} {s.Policy} {s.Backends}");
    }

    [Fact]
    public async Task Every_frontend_has_its_kind_and_the_policy_that_governs_it()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], outside: TrafficPolicy.Local, externalIPs: ["203.0.113.1"], balancerIPs: ["198.51.100.1"]);

        Assert.Equal(
            ["ClusterIP 10.96.0.1:80 Cluster 3", "LoadBalancer 198.51.100.1:80 Local 1", "ExternalIP 203.0.113.1:80 Local 1", "NodePort 0.0.0.0:30080 Local 1"],
            await RowsAsync());
    }

    [Fact]
    public async Task The_backends_counted_are_those_that_the_policy_asks_for()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], inside: TrafficPolicy.Local);

        Assert.Equal(["ClusterIP 10.96.0.1:80 Local 1", "NodePort 0.0.0.0:30080 Cluster 3"], await RowsAsync());
    }

    [Fact]
    public async Task Status_shows_packets_in_trouble_in_words_and_how_full_the_flows_are()
    {
        var state = new PipelineState(() => new SourceStatus("test", true, null, null), new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false);
        var dataplane = new FakeDataplane
        {
            Reasons = [new(LbReason.PktReply, 9, 900), new(LbReason.DropRange, 0, 0), new(LbReason.DropCtFull, 2, 120), new(LbReason.PktReplyLost, 1, 60)],
        };
        var flows = new FlowState();
        flows.Record(new SweepReport(IpFamily.IPv4, "lb_conntrack4", 500, 1000, new Dictionary<LbCtPhase, int>(), 0, 0, 0, default, default));

        var status = await new AgentView("lab", "1", TimeProvider.System, state, dataplane, flows, new FakeFlows()).StatusAsync(TestContext.Current.CancellationToken);

        Assert.Equal([("drop_ct_full", 2UL, 120UL), ("pkt_reply_lost", 1UL, 60UL)], status.Drops.Select(d => (d.Reason, d.Packets, d.Bytes)));
        Assert.All(status.Drops, d => Assert.NotNull(d.Advice));
        Assert.Contains(new MapStatus("lb_conntrack4", 500, 1000), status.Maps);
    }

    [Fact]
    public async Task Status_says_how_long_ago_the_source_was_heard_and_which_health_check_ports_could_not_be_had()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        var contact = time.GetUtcNow();
        var state = new PipelineState(() => new SourceStatus("test", true, contact, null), new ProxyHealthTracker(time, TimeSpan.FromSeconds(30)), false);
        var view = new AgentView("lab", "1", time, state, new FakeDataplane(), new FlowState(), new FakeFlows())
        {
            ServicePortProblems = () => ["Service default/web: healthCheckNodePort 32000 cannot be listened on"],
        };
        time.Advance(TimeSpan.FromSeconds(65));

        var status = await view.StatusAsync(TestContext.Current.CancellationToken);

        Assert.Equal((contact, 65.0), (status.Source!.LastContact!.Value, status.Source.ContactAgeSeconds!.Value));
        Assert.Equal(["Service default/web: healthCheckNodePort 32000 cannot be listened on"], status.Warnings);
    }
}
