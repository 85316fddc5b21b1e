using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests.Apply;

public sealed class PlanApplierTests
{
    private readonly Hook hook = new();
    private readonly Lab lab;

    public PlanApplierTests()
    {
        lab = new Lab(faults: hook);
        lab.Cluster
            .Service("a", ["10.96.0.1", "fd00::1"], ["http:80", "admin:81"]).Slice("a-1", "a", ["http:8080"], ["10.1.0.1"])
            .Service("b", ["10.96.0.2"], ["http:80"]).Slice("b-1", "b", ["http:8080"], ["10.1.0.2"]);
        lab.Step();
    }

    private void FailOnly(int operation, string table, TableError error = TableError.Busy)
    {
        var seen = 0;
        hook.Before = (name, _) => name == table && ++seen == operation ? error : TableError.None;
    }

    [Theory]
    [InlineData("lb_backends", 1)]
    [InlineData("lb_slots", 1)]
    [InlineData("lb_services4", 1)]
    public void A_failed_operation_leaves_its_service_old_and_the_others_new(string table, int operation)
    {
        var before = lab.Lines();
        lab.Cluster.Slice("a-1", "a", ["http:8080", "admin:8081"], ["10.1.0.7"]).Slice("b-1", "b", ["http:8080"], ["10.1.0.8"]);
        FailOnly(operation, table);
        if (table == "lb_services4") FailFirstTwo(table);

        var result = lab.Step();

        var failure = Assert.Single(result.Failures);
        Assert.Equal((ClusterBuilder.Name("a"), table, TableError.Busy), (failure.Service, failure.Table, failure.Error));
        Assert.Equal(before[..2], lab.Lines()[..2]);
        Assert.Equal("10.96.0.2:80/TCP -> 10.1.0.8:8080", lab.Lines()[2]);
        AssertHeals();
    }

    /// <summary>The operation that a batch stopped at is tried once more by itself.</summary>
    private void FailFirstTwo(string table)
    {
        var seen = 0;
        hook.Before = (name, _) => name == table && ++seen <= 2 ? TableError.Busy : TableError.None;
    }

    [Fact]
    public void A_batch_that_stops_for_a_moment_goes_on()
    {
        lab.Cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.7"]).Slice("b-1", "b", ["http:8080"], ["10.1.0.8"]);
        FailOnly(1, "lb_services4");

        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void When_a_later_flip_fails_the_earlier_ones_are_put_back()
    {
        var before = lab.Lines();
        lab.Cluster.Service("a", ["10.96.0.1", "fd00::1"], ["http:80", "admin:81"], affinity: 60);
        hook.Before = (name, _) => name == "lb_services6" ? TableError.NoMemory : TableError.None;

        var result = lab.Step();

        Assert.Equal("lb_services6", Assert.Single(result.Failures).Table);
        Assert.Equal(before, lab.Lines());
        AssertHeals();
    }

    [Fact]
    public void When_a_deletion_fails_the_flips_are_put_back()
    {
        var before = lab.Lines();
        lab.Cluster.Service("a", ["10.96.0.9"], ["http:80"]);
        // The batch and the single try; deleting the new frontend again works.
        var deletions = 0;
        hook.Before = (_, operation) => operation == TableOperation.Delete && ++deletions <= 2
            ? TableError.NotPermitted : TableError.None;

        var result = lab.Step();

        Assert.Equal(TableError.NotPermitted, Assert.Single(result.Failures).Error);
        Assert.Equal(before, lab.Lines());
        AssertHeals();
    }

    [Fact]
    public void When_putting_back_fails_too_both_lists_stay_until_the_next_plan()
    {
        lab.Cluster.Service("a", ["10.96.0.1", "fd00::1"], ["http:80", "admin:81"], affinity: 60)
            .Slice("a-1", "a", ["http:8080"], ["10.1.0.7"]);
        // The flips of IPv4 succeed, those of IPv6 fail, and so does everything after them.
        var broken = false;
        hook.Before = (name, _) => (broken |= name == "lb_services6") ? TableError.NotPermitted : TableError.None;

        Assert.Single(lab.Step().Failures);
        hook.Before = (_, _) => TableError.None;
        lab.Retire();

        lab.AssertSafe();
        Assert.Contains("10.96.0.1:80/TCP affinity 60 -> 10.1.0.7:8080", lab.Lines());
        Assert.Contains("[fd00::1]:80/TCP -> refuse", lab.Lines());
        AssertHeals();
    }

    [Fact]
    public void A_frontend_that_cannot_be_flipped_to_its_new_service_keeps_the_old_one_alive()
    {
        var before = lab.Lines();
        lab.Cluster.RemoveService("b").Service("c", ["10.96.0.2"], ["http:80"]).Slice("c-1", "c", ["http:8080"], ["10.1.0.9"]);
        hook.Before = (name, _) => name == "lb_slots" ? TableError.Busy : TableError.None;

        var result = lab.Step();
        hook.Before = (_, _) => TableError.None;
        lab.Retire();

        Assert.Equal(["b", "c"], result.Failures.Select(f => f.Service.Name).Order());
        Assert.Equal(before, lab.Lines());
        lab.AssertSafe();
        AssertHeals();
    }

    [Fact]
    public void A_backend_that_left_loses_its_marks_at_once_and_is_cleared_after_the_grace_period()
    {
        lab.Cluster.Slice("b-1", "b", ["http:8080"], ["10.1.0.8"]);
        lab.Step();
        var leaving = KernelReader.Backends(lab.Kernel.Content).Single(b => b.Address.ToString() == "10.1.0.2:8080");
        Assert.False(leaving.IsListed);

        lab.Retire();

        Assert.DoesNotContain(KernelReader.Backends(lab.Kernel.Content), b => b.Id == leaving.Id);
    }

    [Fact]
    public void A_backend_that_cannot_be_cleared_stays_taken_with_its_service_until_it_is()
    {
        lab.Cluster.RemoveService("b");
        lab.Step();
        var (backends, services) = (lab.Mirror.BackendsInUse, lab.Mirror.ServicesInUse);
        hook.Before = (name, _) => name == "lb_backends" ? TableError.Busy : TableError.None;
        lab.Retire();
        Assert.Equal((backends, services), (lab.Mirror.BackendsInUse, lab.Mirror.ServicesInUse));

        hook.Before = (_, _) => TableError.None;
        lab.Retire();

        Assert.Equal((backends - 1, services - 1), (lab.Mirror.BackendsInUse, lab.Mirror.ServicesInUse));
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public void A_full_table_names_the_option()
    {
        var full = new Lab(kernelLimits: Lab.Small with { MaxFrontends4 = 2 });
        full.Cluster.Service("a", ["10.96.0.1"], ["http:80"]).Service("b", ["10.96.0.2"], ["http:80"]);

        var failure = Assert.Single(full.Step().Failures);

        Assert.Equal((ClusterBuilder.Name("b"), TableError.TooBig), (failure.Service, failure.Error));
        Assert.Contains("--max-frontends", failure.Message);
    }

    private void Balancer(string[] ranges, params string[] endpoints) => lab.Cluster
        .Service("d", ["10.96.0.4"], ["http:80"], balancerIPs: ["198.51.100.1"], sourceRanges: ranges, outside: Model.TrafficPolicy.Local)
        .Slice("d-1", "d", ["http:8080"], endpoints);

    [Fact]
    public void A_failed_service_has_neither_its_new_sources_nor_its_new_marks()
    {
        Balancer(["192.0.2.0/24"], "10.1.0.4 node=node-2");
        lab.Step();
        var before = lab.Lines();
        Balancer(["192.0.2.0/24", "203.0.113.0/24"], "10.1.0.4 node=node-1");
        FailFirstTwo("lb_services4");

        Assert.Equal("lb_services4", Assert.Single(lab.Step().Failures).Table);
        lab.Retire();

        Assert.Equal(before, lab.Lines());
        Assert.Single(lab.Kernel.SourceRanges4.Entries);
        Assert.Equal(
            "InCluster", KernelReader.Backends(lab.Kernel.Content).Single(b => b.Address.ToString() == "10.1.0.4:8080").Lists.ToString());
        AssertHeals();
    }

    [Fact]
    public void A_full_table_of_sources_keeps_the_old_filter_and_names_the_option()
    {
        var full = new Lab(kernelLimits: Lab.Small with { MaxRanges4 = 1 });
        full.Cluster.Service(
            "d", ["10.96.0.4"], ["http:80"], balancerIPs: ["198.51.100.1"], sourceRanges: ["192.0.2.0/24", "203.0.113.0/24"]);

        var failure = Assert.Single(full.Step().Failures);

        Assert.Equal(("lb_src_ranges4", TableError.NoSpace), (failure.Table, failure.Error));
        Assert.Contains("--max-source-ranges", failure.Message);
        Assert.Empty(full.Lines());
    }

    [Fact]
    public void A_source_that_cannot_be_taken_out_is_told_and_tried_again()
    {
        Balancer(["192.0.2.0/24", "203.0.113.0/24"]);
        lab.Step();
        Balancer(["192.0.2.0/24"]);
        FailOnly(1, "lb_src_ranges4");

        var failure = Assert.Single(lab.Step().Failures);

        Assert.Contains("it is done but for what the old state still allows", failure.Message);
        Assert.Equal(2, lab.Kernel.SourceRanges4.Entries.Count);
        AssertHeals();
        Assert.Single(lab.Kernel.SourceRanges4.Entries);
    }

    [Fact]
    public void A_mark_that_cannot_be_taken_off_is_told_and_tried_again()
    {
        Balancer([], "10.1.0.4 node=node-1", "10.1.0.5");
        lab.Step();
        Balancer([], "10.1.0.4 node=node-2", "10.1.0.5");
        FailOnly(1, "lb_backends");

        Assert.Equal("lb_backends", Assert.Single(lab.Step().Failures).Table);
        lab.AssertKernelIsTable();
        AssertHeals();
        Assert.Equal(
            "InCluster", KernelReader.Backends(lab.Kernel.Content).Single(b => b.Address.ToString() == "10.1.0.4:8080").Lists.ToString());
    }

    [Fact]
    public void A_plan_is_applied_once()
    {
        var plan = lab.Plan();
        lab.Applier.Apply(plan);

        Assert.Throws<InvalidOperationException>(() => lab.Applier.Apply(plan));
    }

    [Fact]
    public void Counters_of_new_service_ids_are_reset_before_the_flip()
    {
        var counters = new Counters(lab);
        var applier = new EbpfLb.Planning.Apply.PlanApplier(lab.Kernel.Tables with { Counters = counters }, lab.Mirror);
        lab.Cluster.Service("c", ["10.96.0.3"], ["http:80"]).Service("a", ["10.96.0.1"], ["http:80"]);

        applier.Apply(lab.Plan());

        var added = KernelReader.Frontends(lab.Kernel.Content).Single(f => f.Key.ToString() == "10.96.0.3:80/TCP");
        Assert.Equal([added.ServiceId], counters.Ids);
        Assert.False(counters.FrontendWasThere);
    }

    private void AssertHeals()
    {
        hook.Before = (_, _) => TableError.None;
        lab.Retire();
        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
        lab.Retire();
        lab.AssertNothingIsLeftOver();
    }

    private sealed class Counters(Lab lab) : IServiceCounters
    {
        public List<uint> Ids { get; } = [];

        public bool FrontendWasThere { get; private set; }

        public void Reset(ReadOnlySpan<uint> serviceIds)
        {
            Ids.AddRange(serviceIds);
            FrontendWasThere |= lab.Lines().Any(l => l.StartsWith("10.96.0.3:80", StringComparison.Ordinal));
        }
    }
}
