using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Compiler;

public sealed class ServiceCompilerTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder().Slice("web-1", "web", ["http:8080"], ["10.1.0.1"]);

    [Contract("2", "two data sets: each family by itself; slices by addressType, FQDN ignored")]
    [Fact]
    public void A_dual_stack_service_is_two_independent_data_sets()
    {
        cluster.Service("web", ["fd00::1", "10.96.0.1"], ["http:80"])
            .Slice("web-6", "web", ["http:8080"], ["fd01::1", "fd01::2"]);

        Assert.Equal(
            [
                "10.96.0.1:80/TCP -> 10.1.0.1:8080",
                "[fd00::1]:80/TCP -> [fd01::1]:8080 [fd01::2]:8080",
            ],
            cluster.Build().Compile().Lines());
    }

    [Contract("2", "slices of one family only: the other is refused")]
    [Fact]
    public void A_family_without_slices_is_refused_and_the_other_is_served()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "[fd00::1]:80/TCP -> refuse"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void Slices_of_a_family_that_the_service_lacks_are_not_used()
    {
        cluster.Service("web", ["fd00::1"], ["http:80"]);

        Assert.Equal(["[fd00::1]:80/TCP -> refuse"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void A_family_that_is_switched_off_is_not_served()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80"]);

        var table = ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { Families = [IpFamily.IPv4] }, null);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080"], table.Lines());
        Assert.Equal([Canary.FrontendV4], Assert.Single(table.Find(Canary.Name)!.Ports).Frontends.Select(f => f.Frontend));
    }

    [Contract("1", "Service, old servers: a refused field selector is left out, of a list and of a watch; headless ones are left out here")]
    [Fact]
    public void A_headless_service_is_ignored()
    {
        cluster.Service("web", [], ["http:80"]);

        Assert.Empty(cluster.Build().Compile().Lines());
    }

    [Contract("1", "ExternalName: ignored, also with a ClusterIP left over")]
    [Fact]
    public void An_external_name_is_ignored_even_with_a_cluster_ip_left_over()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"], type: ServiceType.ExternalName);

        Assert.Empty(cluster.Build().Compile().Lines());
    }

    [Theory]
    [InlineData(ServiceLabels.ProxyName)]
    [InlineData(ServiceLabels.Headless)]
    public void A_labelled_service_is_ignored(ServiceLabels label)
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"], labels: label);

        Assert.Empty(cluster.Build().Compile().Lines());
    }

    [Theory]
    [InlineData(ServiceType.NodePort)]
    [InlineData(ServiceType.LoadBalancer)]
    public void Other_types_are_served_on_their_cluster_ip(ServiceType type)
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"], type: type);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void Affinity_belongs_to_every_port_of_the_service()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80", "admin:81"], affinity: 600);

        Assert.Equal(
            ["10.96.0.1:80/TCP affinity 600 -> 10.1.0.1:8080", "10.96.0.1:81/TCP affinity 600 -> refuse"],
            cluster.Build().Compile().Lines());
    }

    [Fact]
    public void The_same_number_with_two_protocols_is_two_ports()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80", "quic:80/UDP"])
            .Slice("web-2", "web", ["quic:8443/UDP"], ["10.1.0.1"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "10.96.0.1:80/UDP -> 10.1.0.1:8443"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void Slices_of_another_namespace_do_not_count()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"]).Slice("other/web-1", "web", ["http:8080"], ["10.9.9.9"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void A_port_written_twice_is_served_once_and_reported()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80", "again:80"]);

        var table = cluster.Build().Compile();

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "[fd00::1]:80/TCP -> refuse"], table.Lines());
        var diagnostic = Assert.Single(table.Diagnostics);
        Assert.Equal((ClusterBuilder.Name("web"), "spec.ports[1]"), (diagnostic.Object, diagnostic.Field));
        Assert.Contains("number 80", diagnostic.Message);
    }

    [Fact]
    public void The_canary_is_in_every_table()
    {
        var canary = ClusterSnapshot.Empty.Compile().Find(Canary.Name)!;

        Assert.Equal(
            ["192.0.0.8:10256/UDP -> 127.0.0.1:10256", "[100::8]:10256/UDP -> [::1]:10256"],
            canary.Ports.Select(p => $"{p.Frontends[0].Frontend} -> {p.Backends[0].Address}"));
    }
}
