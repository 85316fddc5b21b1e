using EbpfLb.Agent.Commands.History;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Services;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.History;

/// <summary>What the history says of plans.</summary>
public sealed class PlanHistoryTests
{
    private readonly HistoryUnderTest test = new();
    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Service("web", ["10.96.0.1"], ["http:80"])
        .Slice("web-1", "web", ["http:8080"], ["10.1.0.1", "10.1.0.2", "10.1.0.3"]);

    public PlanHistoryTests() => test.Plan(cluster.Build());

    private ServiceChange Last => Assert.Single(test.Plans[^1].Changes);

    /// <summary>As a person reads it.</summary>
    private string Text => string.Join('\n', HistoryText.Lines(test.Plans[^1]).Select(l => l.Text).Select(l
        => l[(l.IndexOf(' ') + 1)..l.LastIndexOf(" (")]));

    private void Endpoints(params string[] endpoints) => test.Plan(cluster.Slice("web-1", "web", ["http:8080"], endpoints).Build());

    [Fact]
    public void The_first_plan_of_an_agent_counts_and_names_nothing()
    {
        var plan = Assert.Single(test.Plans);
        Assert.Equal((1, "start", true, 1, 1, 1.5), (plan.Number, plan.Cause, plan.Programmed, plan.Services, plan.Operations,
            plan.Milliseconds));
        Assert.Empty(plan.Changes);
        Assert.Equal("- start: 1 Services, 1 map operations", Text);
        Assert.Null(test.History.LastChange(ClusterBuilder.Name("web")));
    }

    [Theory]
    [InlineData("10.1.0.1|10.1.0.2|10.1.0.3|10.1.0.4|10.1.0.5", "+2 backends (+10.1.0.4:8080, +10.1.0.5:8080)")]
    [InlineData("10.1.0.3|10.1.0.4", "+1 -2 backends (-10.1.0.1:8080, -10.1.0.2:8080, +10.1.0.4:8080)")]
    [InlineData("10.1.0.1|10.1.0.2|10.1.0.3 unready", "1 backend not ready (not ready 10.1.0.3:8080)")]
    [InlineData("10.1.0.1|10.1.0.2 terminating|10.1.0.3 terminating",
        "2 backends terminating (terminating 10.1.0.2:8080, terminating 10.1.0.3:8080)")]
    [InlineData("10.1.0.1|10.1.0.2|10.1.0.3 gone", "1 backend terminating (terminating 10.1.0.3:8080)")]
    [InlineData("10.1.0.1|10.1.0.2|10.1.0.3 weight=5", "1 backend changed (changed 10.1.0.3:8080)")]
    [InlineData("10.1.0.1|10.1.0.2|10.1.0.3 weight=0", "1 backend not chosen (not chosen 10.1.0.3:8080)")]
    [InlineData("10.1.0.7|10.1.0.8|10.1.0.9",
        "+3 -3 backends (-10.1.0.1:8080, -10.1.0.2:8080, -10.1.0.3:8080, +10.1.0.7:8080 and 2 more)")]
    public void Backends_are_told_by_what_became_of_them(string endpoints, string expected)
    {
        Endpoints(endpoints.Split('|'));
        Assert.Equal($"default/web changed: {expected}", Text);
        Assert.Equal(1, test.Plans[^1].Changed);
    }

    [Fact]
    public void A_backend_that_comes_back_is_ready_and_not_added()
    {
        Endpoints("10.1.0.1", "10.1.0.2", "10.1.0.3 unready");
        Endpoints("10.1.0.1", "10.1.0.2", "10.1.0.3");
        Assert.Equal("default/web changed: 1 backend ready (ready 10.1.0.3:8080)", Text);
        Assert.Equal(1, Last.Backends!.Ready);
    }

    [Fact]
    public void A_drain_and_its_end_are_told_as_such()
    {
        test.Drains = [new BackendDrain(IpAddress.Parse("10.1.0.2"), 0, null, false)];
        test.Record(cluster.Build(), PlanCause.Request, true, 2);
        Assert.Equal("default/web changed: 1 backend drained (drained 10.1.0.2:8080)", Text);
        Assert.Equal("request", test.Plans[^1].Cause);

        test.Drains = [];
        test.Record(cluster.Build(), PlanCause.Request, true, 2);
        Assert.Equal("default/web changed: 1 backend undrained (undrained 10.1.0.2:8080)", Text);
    }

    [Fact]
    public void Services_come_and_go()
    {
        test.Plan(cluster.Service("api", ["10.96.0.2", "fd00::2"], [":80", "x:81/UDP"], type: ServiceType.LoadBalancer).Build());
        Assert.Equal("default/api added: type LoadBalancer; 4 ports; 0 backends", Text);
        test.Plan(cluster.RemoveService("web").Build());
        Assert.Equal("default/web removed: type ClusterIP; 1 port; 3 backends", Text);
        Assert.Equal((0, 1, 0), (test.Plans[^1].Added, test.Plans[^1].Removed, test.Plans[^1].Changed));
    }

    [Fact]
    public void Ports_type_policy_and_the_rest_are_told_with_before_and_after()
    {
        test.Plan(cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], affinity: 60, type: ServiceType.NodePort,
            outside: TrafficPolicy.Local, scheduler: Scheduler.RoundRobin, externalIPs: ["192.0.2.7"]).Build());
        Assert.Equal(
            [
                "type ClusterIP -> NodePort", "externalTrafficPolicy Cluster -> Local",
                $"scheduler random -> {Scheduler.RoundRobin.ToText()}",
                "affinity seconds 0 -> 60", "frontend +ExternalIP 192.0.2.7:80/TCP +NodePort 0.0.0.0:30080/TCP",
            ], Last.What);

        test.Plan(cluster.Service("web", ["10.96.0.1"], ["https:443"]).Slice("web-1", "web", ["https:8443"], ["10.1.0.1"]).Build());
        Assert.Contains("port +https/TCP/IPv4 -http/TCP/IPv4", Last.What);
    }

    [Fact]
    public void A_plan_that_changes_nothing_is_none()
    {
        test.Record(cluster.Build(), PlanCause.Source, true, operations: 0);
        Assert.Single(test.Plans);
        test.Record(cluster.Build(), PlanCause.Request, true, operations: 3);
        Assert.Equal("- request: 1 Services, 3 map operations", Text);
    }

    [Fact]
    public void A_Service_that_the_kernel_refuses_is_told_with_its_error_once_and_again_when_it_is_in()
    {
        var failure = HistoryUnderTest.Failure("api");
        test.Plan(cluster.Service("api", ["10.96.0.2"], [":80"]).Build(), failure);
        Assert.Equal("default/api added: type ClusterIP; 1 port; 0 backends; FAILED: the map is full", Text);
        Assert.False(test.Plans[^1].Programmed);
        Assert.Null(test.History.LastChange(ClusterBuilder.Name("api")));

        for (var i = 1; i <= 3; i++)
        {
            test.Now += TimeSpan.FromSeconds(30);
            test.Record(cluster.Build(), PlanCause.Retry, true, 0, failure);
        }
        Assert.Equal(2, test.Plans.Count);
        Assert.Equal((3, test.Now), (test.Plans[^1].Repeated, test.Plans[^1].RepeatedAt));
        Assert.EndsWith("(and 3 times more, at last at 2025-01-01T12:01:30.000Z)", Text);

        test.Record(cluster.Build(), PlanCause.Retry, true, 2);
        Assert.Equal("default/api retried: programmed, after it had failed", Text);
        Assert.Equal(test.Now, test.History.LastChange(ClusterBuilder.Name("api")));
    }

    [Fact]
    public void What_a_round_did_not_get_to_is_told_by_the_round_that_did()
    {
        cluster.Service("api", ["10.96.0.2"], [":80"]);
        test.Record(cluster.Build(), PlanCause.Source, isApplied: false, 0, new ObjectFailure(null, "InvalidOperationException: broken"));
        Assert.Equal("- failed: InvalidOperationException: broken", Text);
        test.Record(cluster.Build(), PlanCause.Retry, true, 3);
        Assert.Equal("default/api added: type ClusterIP; 1 port; 0 backends", Text);
        Assert.Equal("retry", test.Plans[^1].Cause);
    }

    [Fact]
    public void The_last_change_is_that_of_the_Service_alone()
    {
        test.Now += TimeSpan.FromMinutes(1);
        Endpoints("10.1.0.1");
        var changed = test.Now;
        test.Now += TimeSpan.FromMinutes(1);
        test.Plan(cluster.Service("api", ["10.96.0.2"], [":80"]).Build());
        Assert.Equal(changed, test.History.LastChange(ClusterBuilder.Name("web")));
        Assert.Equal(test.Now, test.History.LastChange(ClusterBuilder.Name("api")));
        test.Plan(cluster.RemoveService("web").Build());
        Assert.Null(test.History.LastChange(ClusterBuilder.Name("web")));
    }

    [Fact]
    public void Of_many_Services_a_few_are_named_those_that_failed_first()
    {
        for (var i = 0; i < 300; i++) cluster.Service($"s-{i:000}", [$"10.97.{i / 250}.{1 + i % 250}"], [":80"]);
        test.Plan(cluster.Build(), HistoryUnderTest.Failure("s-299"));
        var plan = test.Plans[^1];
        Assert.Equal((300, PlanHistory.MostServices, 280), (plan.Added, plan.Changes.Count, plan.NotListed));
        Assert.Equal("default/s-299", plan.Changes[0].Service);
        Assert.EndsWith("- more: 280 more Services; in all 300 added, 0 removed, 0 changed", Text);
    }
}
