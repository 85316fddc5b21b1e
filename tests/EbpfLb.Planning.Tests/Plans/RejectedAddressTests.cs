using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Tests.Plans;

/// <summary>Entries that refuse what nothing else of a ClusterIP names (docs/contract.md 8).</summary>
public sealed class RejectedAddressTests
{
    private readonly Lab lab = new(closing: true);

    [Fact]
    public void Addresses_are_closed_when_everything_on_them_is_open()
    {
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80", "https:443"]).Service("b", ["10.96.0.2"], ["dns:53/UDP"]);

        var flips = lab.Plan().ToString().Split('\n').Where(l
            => l.StartsWith("3 flip", StringComparison.Ordinal) && l.Contains("10.96.", StringComparison.Ordinal));

        Assert.Equal(
            ["10.96.0.1:80/TCP", "10.96.0.1:443/TCP", "10.96.0.2:53/UDP", "10.96.0.1 (all", "10.96.0.2 (all"],
            flips.Select(l => string.Join(' ', l[10..].Split(' ').Take(l.Contains("(all", StringComparison.Ordinal) ? 2 : 1))));
    }

    [Fact]
    public void One_service_touches_its_own_address_only()
    {
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80"]).Service("b", ["10.96.0.2"], ["http:80"]);
        lab.Step();

        lab.Cluster.Service("c", ["10.96.0.3"], ["http:80"]);
        Assert.Equal((2, 0), Entries());
        lab.Step();
        lab.Cluster.RemoveService("c");
        Assert.Equal((0, 2), Entries());
        lab.Step();
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void The_first_port_may_go_and_the_address_stays_closed()
    {
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80", "https:443"]);
        lab.Step();
        lab.Cluster.Service("a", ["10.96.0.1"], ["https:443"]);

        var plan = lab.Plan().ToString();

        Assert.Contains("3 flip    10.96.0.1 (all others) -> service", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("4 delete  10.96.0.1 (all others)", plan, StringComparison.Ordinal);
        lab.Step();
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void A_service_without_endpoints_is_closed_too()
    {
        lab.Cluster.Service("a", ["10.96.0.1", "fd00::1"], ["http:80"]);
        lab.Step();

        Assert.Contains("10.96.0.1 (all others) -> refuse", lab.Lines());
        Assert.Contains("fd00::1 (all others) -> refuse", lab.Lines());
    }

    [Fact]
    public void An_address_that_goes_to_another_service_stays_closed()
    {
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80"]);
        lab.Step();
        lab.Cluster.RemoveService("a").Service("b", ["10.96.0.1"], ["https:443"]);

        Assert.DoesNotContain("4 delete  10.96.0.1 (all others)", lab.Plan().ToString(), StringComparison.Ordinal);
        lab.Step();
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void The_mirror_and_the_plan_know_the_range_around_all_closed_addresses()
    {
        lab.Cluster.Service("a", ["10.96.0.1", "fd00::1"], ["http:80"]);
        Assert.Equal(new BoundingPrefix(SourceRange.Parse("10.96.0.1/32"), SourceRange.Parse("fd00::1/128")), lab.Plan().RejectedAddresses);
        lab.Step();
        lab.Cluster.Service("b", ["10.97.0.1"], ["http:80"], externalIPs: ["203.0.113.1"]);
        Assert.Equal(new BoundingPrefix(SourceRange.Parse("10.97.0.1/32"), null), lab.Plan().RejectedAddresses);
        lab.Step();
        Assert.Equal(new BoundingPrefix(SourceRange.Parse("10.96.0.0/15"), SourceRange.Parse("fd00::1/128")), lab.Mirror.Closed);

        lab.Cluster.RemoveService("a");
        Assert.True(lab.Plan().LiftsRejections);
        lab.Step();
        Assert.Equal(new BoundingPrefix(SourceRange.Parse("10.97.0.1/32"), null), lab.Mirror.Closed);
        Assert.False(lab.Plan().LiftsRejections);
    }

    [Fact]
    public void A_restart_finds_closed_addresses_and_plans_nothing()
    {
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80", "https:443"]);
        lab.Step();
        lab.Restart();

        Assert.True(lab.Plan().IsEmpty);
        Assert.Equal(new BoundingPrefix(SourceRange.Parse("10.96.0.1/32"), null), lab.Mirror.Closed);
    }

    private (int Updates, int Deletes) Entries()
    {
        var counts = lab.Plan().Counts;
        return (counts.Flips, counts.Deletes);
    }
}
