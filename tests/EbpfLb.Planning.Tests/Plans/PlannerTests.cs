using EbpfLb.Planning.Inspection;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests.Plans;

public sealed class PlannerTests
{
    private readonly Lab lab = new();

    /// <summary>The canary is in, so that plans show only what a test does.</summary>
    public PlannerTests() => lab.Step();

    private ClusterBuilder Web(params string[] endpoints) => lab.Cluster
        .Service("web", ["10.96.0.1"], ["http:80"])
        .Slice("web-1", "web", ["http:8080"], endpoints);

    [Fact]
    public void A_new_service_is_written_backends_first_and_flipped_last()
    {
        Web("10.1.0.1", "10.1.0.2");

        Assert.Equal(
            """
            1 backend 3 = 10.1.0.1:8080 of service 3  # default/web
            1 backend 4 = 10.1.0.2:8080 of service 3  # default/web
            2 slots   8..9 = [3 4]  # default/web
            3 flip    10.96.0.1:80/TCP -> service 3 slots 8..9  # default/web

            """,
            lab.Plan().ToString());
    }

    [Fact]
    public void An_added_endpoint_writes_a_new_list_and_retires_the_old_range()
    {
        Web("10.1.0.1");
        lab.Step();
        Web("10.1.0.1", "10.1.0.2");

        Assert.Equal(
            """
            1 backend 4 = 10.1.0.2:8080 of service 3  # default/web
            2 slots   12..13 = [3 4]  # default/web
            3 flip    10.96.0.1:80/TCP -> service 3 slots 12..13  # default/web
            6 retire  slots 8..8  # default/web

            """,
            lab.Plan().ToString());
    }

    [Fact]
    public void A_removed_endpoint_loses_its_mark_and_is_retired_with_the_old_range()
    {
        Web("10.1.0.1", "10.1.0.2");
        lab.Step();
        Web("10.1.0.2");

        Assert.Equal(
            """
            2 slots   12..12 = [4]  # default/web
            3 flip    10.96.0.1:80/TCP -> service 3 slots 12..12  # default/web
            5 unlist  backend 3  # default/web
            6 retire  backend 3  # default/web
            6 retire  slots 8..9  # default/web

            """,
            lab.Plan().ToString());
    }

    [Fact]
    public void A_removed_service_gives_everything_back()
    {
        Web("10.1.0.1");
        lab.Step();
        lab.Cluster.RemoveService("web");

        Assert.Equal(
            """
            4 delete  10.96.0.1:80/TCP  # default/web
            5 unlist  backend 3  # default/web
            6 retire  backend 3  # default/web
            6 retire  slots 8..8  # default/web
            6 retire  service 3  # default/web

            """,
            lab.Plan().ToString());
    }

    [Fact]
    public void An_affinity_change_is_one_flip()
    {
        Web("10.1.0.1");
        lab.Step();
        lab.Cluster.Service("web", ["10.96.0.1"], ["http:80"], affinity: 60);

        Assert.Equal("3 flip    10.96.0.1:80/TCP -> service 3 slots 8..8 affinity 60s  # default/web\n", lab.Plan().ToString());
    }

    [Fact]
    public void A_service_without_endpoints_needs_no_slots_and_is_refused()
    {
        lab.Cluster.Service("web", ["10.96.0.1"], ["http:80"]);

        Assert.Equal("3 flip    10.96.0.1:80/TCP -> service 3 slots none  # default/web\n", lab.Plan().ToString());
    }

    [Fact]
    public void A_frontend_that_moves_is_flipped_and_never_deleted()
    {
        Web("10.1.0.1");
        lab.Step();
        lab.Cluster.RemoveService("web").RemoveSlice("web-1")
            .Service("new", ["10.96.0.1"], ["http:80"]).Slice("new-1", "new", ["http:8080"], ["10.1.0.9"]);

        Assert.Equal(
            """
            1 backend 4 = 10.1.0.9:8080 of service 4  # default/new
            2 slots   12..12 = [4]  # default/new
            3 flip    10.96.0.1:80/TCP -> service 4 slots 12..12  # default/new
            5 unlist  backend 3  # default/web
            6 retire  backend 3  # default/web
            6 retire  slots 8..8  # default/web
            6 retire  service 3  # default/web

            """,
            lab.Plan().ToString());
    }

    [Fact]
    public void An_endpoint_that_leaves_and_returns_gets_another_id()
    {
        Web("10.1.0.1", "10.1.0.2");
        lab.Step();
        Web("10.1.0.1");
        lab.Step();
        lab.Retire();
        Web("10.1.0.1", "10.1.0.2");
        lab.Step();

        Assert.Equal([1u, 2, 3, 5], KernelReader.Backends(lab.Kernel.Content).Select(b => b.Id));
    }

    [Fact]
    public void A_plan_that_is_never_applied_gives_its_ids_back()
    {
        Web("10.1.0.1");
        var used = (lab.Mirror.BackendsInUse, lab.Mirror.SlotsInUse, lab.Mirror.ServicesInUse);
        for (var i = 0; i < 10; i++) lab.Plan();
        lab.Cluster.RemoveService("web");
        lab.Plan();

        Assert.Equal(used, (lab.Mirror.BackendsInUse, lab.Mirror.SlotsInUse, lab.Mirror.ServicesInUse));
    }

    [Fact]
    public void Counts_say_what_a_plan_does()
    {
        Web("10.1.0.1", "10.1.0.2", "10.1.0.3");
        lab.Step();
        Web("10.1.0.3", "10.1.0.4");

        var counts = lab.Plan().Counts;

        Assert.Equal(new EbpfLb.Planning.Plans.PlanCounts(1, 1, 2, 0, 1, 0, 2, 0, 2, 3, 0, 0), counts);
    }

    [Fact]
    public void Planning_the_empty_table_empties_the_kernel()
    {
        Web("10.1.0.1");
        lab.Step();

        lab.Waiting.Add(lab.Applier.Apply(Planner.Plan(ForwardingTable.Empty, lab.Mirror)).Retired);
        lab.Retire();

        Assert.Equal("", KernelText.Write(lab.Kernel.Content));
        Assert.Equal((0, 0, 0), (lab.Mirror.BackendsInUse, lab.Mirror.SlotsInUse, lab.Mirror.ServicesInUse));
    }

    [Fact]
    public void A_change_in_one_of_many_services_plans_for_that_one_only()
    {
        var cluster = new LargeCluster(services: 500, endpointsPerService: 3);
        var table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, null);
        var large = new Lab(TableLimits.Default);
        large.Applier.Apply(Planner.Plan(table, large.Mirror));
        cluster.ReplaceEndpoint(77);

        var plan = Planner.Plan(ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, table), large.Mirror);

        Assert.Equal(LargeCluster.Name(77), Assert.Single(plan.Groups).Service);
        Assert.Equal(new EbpfLb.Planning.Plans.PlanCounts(1, 1, 3, 0, 1, 0, 1, 0, 1, 3, 0, 0), plan.Counts);
    }
}
