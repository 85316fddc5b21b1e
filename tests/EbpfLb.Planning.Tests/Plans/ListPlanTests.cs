using EbpfLb.Model;
using EbpfLb.Planning.Inspection;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Planning.Tests.Plans;

/// <summary>Plans for kinds of frontends, the two lists and source ranges, as a person reads them.</summary>
public sealed class ListPlanTests
{
    private readonly Lab lab = new();

    /// <summary>The canary is in, so that plans show only what a test does.</summary>
    public ListPlanTests()
    {
        lab.Cluster.Node("node-1", addresses: ["192.0.2.1"]);
        lab.Step();
    }

    private Lab Web(string[]? ranges = null, TrafficPolicy outside = TrafficPolicy.Cluster, params string[] endpoints)
    {
        lab.Cluster
            .Service("web", ["10.96.0.1"], ["http:80@30080"], type: ServiceType.LoadBalancer, externalIPs: ["203.0.113.1"],
                balancerIPs: ["198.51.100.1"], sourceRanges: ranges, outside: outside)
            .Slice("web-1", "web", ["http:8080"], endpoints);
        return lab;
    }

    [Fact]
    public void Each_kind_of_frontend_says_what_it_is_and_its_policy_and_only_the_balancer_is_restricted()
    {
        Web(["10.0.0.0/8"], TrafficPolicy.Local, "10.1.0.1 node=node-1", "10.1.0.2 node=node-2");

        Assert.Equal(
            """
            1 backend 3 = 10.1.0.1:8080 of service 3 (InCluster, InLocal, Local)  # default/web
            1 backend 4 = 10.1.0.2:8080 of service 3  # default/web
            2 slots   8..9 = [3 4]  # default/web
            2 slots   12..12 = [3]  # default/web
            2 allow   10.0.0.0/8 of service 3  # default/web
            3 flip    10.96.0.1:80/TCP -> service 3 slots 8..9 local 12..12  # default/web
            3 flip    198.51.100.1:80/TCP -> service 3 LoadBalancer slots 8..9 local 12..12 policy Local, else drop restricted  # default/web
            3 flip    203.0.113.1:80/TCP -> service 3 ExternalIP slots 8..9 local 12..12 policy Local, else drop  # default/web
            3 flip    0.0.0.0:30080/TCP -> service 3 NodePort slots 8..9 local 12..12 policy Local, else drop  # default/web

            """,
            lab.Plan().ToString());
        lab.Step();
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void A_backend_that_enters_a_list_is_marked_before_the_flips_and_keeps_its_id()
    {
        Web(null, TrafficPolicy.Cluster, "10.1.0.1 node=node-1", "10.1.0.2 node=node-2").Step();
        Web(null, TrafficPolicy.Local, "10.1.0.1 node=node-1", "10.1.0.2 node=node-2");

        var plan = lab.Plan().ToString();

        Assert.StartsWith(
            """
            1 backend 3 = 10.1.0.1:8080 of service 3 (InCluster, InLocal, Local)  # default/web
            2 slots   12..12 = [3]  # default/web
            3 flip    10.96.0.1:80/TCP -> service 3 slots 8..9 local 12..12  # default/web
            """,
            plan);
        Assert.DoesNotContain("unlist", plan);
        Assert.DoesNotContain("retire", plan);
    }

    [Fact]
    public void A_backend_that_leaves_one_list_stays_in_the_other_and_is_unmarked_after_the_flips()
    {
        Web(null, TrafficPolicy.Local, "10.1.0.1 node=node-1", "10.1.0.2 node=node-2").Step();
        Web(null, TrafficPolicy.Cluster, "10.1.0.1 node=node-1", "10.1.0.2 node=node-2");

        Assert.EndsWith(
            """
            5 unlist  backend 3, but for InCluster, Local  # default/web
            6 retire  slots 12..12  # default/web

            """,
            lab.Plan().ToString());
        lab.Step();
        Assert.Equal("InCluster, Local", KernelReader.Backends(lab.Kernel.Content).Single(b => b.Id == 3).Lists.ToString());
    }

    [Fact]
    public void When_the_last_local_endpoint_goes_the_frontends_drop_and_when_all_go_they_refuse()
    {
        Web(null, TrafficPolicy.Local, "10.1.0.1 node=node-1", "10.1.0.2 node=node-2").Step();
        Web(null, TrafficPolicy.Local, "10.1.0.2 node=node-2").Step();
        Assert.Contains("0.0.0.0:30080/TCP NodePort Local, else drop -> 10.1.0.2:8080", lab.Lines());

        Web(null, TrafficPolicy.Local).Step();
        Assert.Contains("0.0.0.0:30080/TCP NodePort Local -> refuse", lab.Lines());
    }

    [Fact]
    public void A_narrower_filter_lets_in_first_and_refuses_last_and_needs_no_flip()
    {
        Web(["10.0.0.0/8", "192.0.2.0/24"]).Step();
        Web(["10.1.0.0/16", "192.0.2.0/24"]);

        Assert.Equal(
            """
            2 allow   10.1.0.0/16 of service 3  # default/web
            2 refuse  10.0.0.0/8 of service 3  # default/web

            """,
            lab.Plan().ToString());
    }

    [Fact]
    public void A_filter_that_goes_is_flipped_away_first_and_its_ranges_wait_for_a_grace_period()
    {
        Web(["10.0.0.0/8"]).Step();
        Web();

        Assert.Equal(
            """
            3 flip    198.51.100.1:80/TCP -> service 3 LoadBalancer slots none  # default/web
            6 retire  source 10.0.0.0/8 of service 3  # default/web

            """,
            lab.Plan().ToString());
        lab.Step();
        Assert.Single(lab.Kernel.SourceRanges4.Entries);
        lab.Retire();
        Assert.Empty(lab.Kernel.SourceRanges4.Entries);
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public void A_range_that_is_wanted_again_while_it_waits_for_its_end_stays()
    {
        Web(["10.0.0.0/8"]).Step();
        Web().Step();
        Web(["10.0.0.0/8"]);
        var plan = lab.Plan();
        lab.Retire();

        Assert.DoesNotContain("allow", plan.ToString());
        lab.Waiting.Add(lab.Applier.Apply(plan).Retired);
        lab.Retire();

        Assert.Single(lab.Kernel.SourceRanges4.Entries);
        lab.AssertKernelIsTable();
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public void A_service_that_goes_takes_its_ranges_along_before_its_id_is_free()
    {
        Web(["10.0.0.0/8"]).Step();
        lab.Cluster.RemoveService("web");

        Assert.EndsWith(
            """
            6 retire  source 10.0.0.0/8 of service 3  # default/web
            6 retire  service 3  # default/web

            """,
            lab.Plan().ToString());
        lab.Step();
        lab.Retire();
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public void NodePorts_of_a_plan_are_one_range()
    {
        lab.Cluster.Service("a", ["10.96.0.2"], ["x:80@31000", "y:81@30500"]).Service("b", ["fd00::2"], ["x:80@30900"]);

        Assert.Equal("30500-31000", lab.Plan().NodePorts.ToString());
        lab.Step();
        Assert.Null(lab.Plan().NodePorts);
        Assert.Equal("30500-31000", lab.Mirror.NodePorts.ToString());
    }
}
