using EbpfLb.Testing.Clusters;

namespace EbpfLb.Planning.Tests.Plans;

public sealed class CapacityTests
{
    // The canary takes 2 services, 2 backends, 8 slots and one frontend of each family.
    private static readonly TableLimits Room = new()
    {
        MaxServices = 64, MaxBackends = 64, MaxSlots = 64, MaxFrontends4 = 64, MaxFrontends6 = 64,
    };

    /// <summary>Where not all fit, "b" is left out: it needs the most.</summary>
    private static Lab Start(TableLimits limits)
    {
        var lab = new Lab(limits);
        lab.Cluster
            .Service("a", ["10.96.0.1"], ["http:80"]).Slice("a-1", "a", ["http:8080"], ["10.1.0.1", "10.1.0.2"])
            .Service("b", ["10.96.0.2"], ["http:80"]).Slice("b-1", "b", ["http:8080"], ["10.1.0.3", "10.1.0.4", "10.1.0.5"])
            .Service("c", ["10.96.0.3"], ["http:80"]).Slice("c-1", "c", ["http:8080"], ["10.1.0.6"]);
        return lab;
    }

    [Fact]
    public void A_service_whose_backends_do_not_fit_is_left_out_and_the_others_go_in()
    {
        var lab = Start(Room with { MaxBackends = 7 });

        var result = lab.Step();

        var diagnostic = Assert.Single(result.LeftOut);
        Assert.Equal(
            (ClusterBuilder.Name("b"), "lb_backends", "--max-backends"), (diagnostic.Service, diagnostic.Table, diagnostic.Option));
        Assert.Contains("larger --max-backends", diagnostic.Message);
        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080", "10.96.0.3:80/TCP -> 10.1.0.6:8080"], lab.Lines());
        Assert.False(result.IsComplete);
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public void A_service_that_did_not_fit_goes_in_when_there_is_room()
    {
        var lab = Start(Room with { MaxBackends = 7 });
        lab.Step();
        lab.Cluster.RemoveService("a");
        lab.Step();
        lab.Retire();

        var result = lab.Step();

        Assert.True(result.IsComplete);
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void A_service_that_outgrows_the_table_keeps_its_old_list()
    {
        var lab = Start(Room with { MaxBackends = 9 });
        lab.Step();
        lab.Cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.1", "10.1.0.7", "10.1.0.8"]);

        var result = lab.Step();

        Assert.Equal("lb_backends", Assert.Single(result.LeftOut).Table);
        Assert.Equal("10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080", lab.Lines()[0]);
    }

    [Fact]
    public void Full_slots_name_their_option()
    {
        var lab = Start(Room with { MaxSlots = 16 });

        var diagnostic = Assert.Single(lab.Step().LeftOut);

        Assert.Equal((ClusterBuilder.Name("b"), "lb_slots", "--max-slots"), (diagnostic.Service, diagnostic.Table, diagnostic.Option));
    }

    [Fact]
    public void Full_service_ids_name_their_option()
    {
        var lab = Start(Room with { MaxServices = 5 });

        var diagnostic = Assert.Single(lab.Step().LeftOut);

        Assert.Equal((ClusterBuilder.Name("b"), "--max-services"), (diagnostic.Service, diagnostic.Option));
    }

    [Fact]
    public void Full_frontends_name_their_option_and_family()
    {
        var lab = Start(Room with { MaxFrontends4 = 3, MaxFrontends6 = 1 });
        lab.Cluster.Service("d", ["fd00::1"], ["http:80"]);

        var diagnostics = lab.Step().LeftOut;

        Assert.Equal(
            [("b", "lb_services4", "--max-frontends"), ("d", "lb_services6", "--max-frontends")],
            diagnostics.Select(d => (d.Service.Name, d.Table, d.Option)).Order());
    }

    [Fact]
    public void A_frontend_that_moves_to_a_service_that_does_not_fit_is_deleted_not_left_dangling()
    {
        var lab = Start(Room with { MaxBackends = 9 });
        lab.Step();
        lab.Cluster.RemoveService("a")
            .Service("d", ["10.96.0.1"], ["http:80"]).Slice("d-1", "d", ["http:8080"], ["10.1.0.7"]);
        Assert.Equal(ClusterBuilder.Name("d"), Assert.Single(lab.Step().LeftOut).Service);
        lab.Retire();

        Assert.Equal(2, lab.Lines().Length);
        lab.AssertSafe();
        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void Full_source_ranges_name_their_option_and_the_service_keeps_the_filter_it_had()
    {
        var lab = Start(Room with { MaxRanges4 = 2, MaxRanges6 = 1 });
        Balancer(["192.0.2.0/24"]);
        lab.Step();
        Balancer(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]);

        var diagnostic = Assert.Single(lab.Step().LeftOut);

        Assert.Equal(("d", "lb_src_ranges4", "--max-source-ranges"), (diagnostic.Service.Name, diagnostic.Table, diagnostic.Option));
        Assert.Contains("10.96.9.1:80/TCP LoadBalancer -> refuse from 192.0.2.0/24", lab.Lines());
        lab.AssertNothingIsLeftOver();

        void Balancer(string[] ranges)
            => lab.Cluster.Service("d", ["10.96.0.4"], ["http:80"], balancerIPs: ["10.96.9.1"], sourceRanges: ranges);
    }

    [Fact]
    public void Two_lists_need_slots_for_both()
    {
        var lab = new Lab(Room with { MaxSlots = 12 });
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80"], inside: Model.TrafficPolicy.Local, externalIPs: ["203.0.113.1"])
            .Slice("a-1", "a", ["http:8080"], ["10.1.0.1 node=node-1"]);

        Assert.Equal("lb_slots", Assert.Single(lab.Step().LeftOut).Table);
        lab.AssertNothingIsLeftOver();
    }
}
