using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>Which Endpoints objects of manifests count beside slices, as a control plane mirrors them.</summary>
public sealed class MirroringTests : IDisposable
{
    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("selector: { app: web }", true, "10.1.0.1")]
    [InlineData("selector: { app: web }", false, "10.1.0.9")]
    [InlineData("selector: {}", true, "10.1.0.1 10.1.0.9")]
    [InlineData("selector: null", true, "10.1.0.1 10.1.0.9")]
    [InlineData("type: ClusterIP", true, "10.1.0.1 10.1.0.9")]
    [InlineData("type: ClusterIP", false, "10.1.0.9")]
    public async Task Endpoints_beside_the_slices_of_a_selector_do_not_count(string spec, bool hasSlice, string used)
    {
        folder.With("a.yaml", $$"""
            apiVersion: v1
            kind: Endpoints
            metadata: { name: web, namespace: default }
            subsets: [ { addresses: [ { ip: 10.1.0.9 } ], ports: [ { port: 8080 } ] } ]
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: default }
            spec: { clusterIP: 10.96.0.1, {{spec}}, ports: [ { port: 80 } ] }
            """);
        if (hasSlice)
        {
            folder.With("b.yaml", """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: { name: web-abc, namespace: default, labels: { kubernetes.io/service-name: web } }
                addressType: IPv4
                endpoints: [ { addresses: [ 10.1.0.1 ] } ]
                ports: [ { port: 8080 } ]
                """);
        }
        await using var source = new RunningSource(folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }));

        var snapshot = await source.UntilAsync(s => !s.Services.IsEmpty, s => s.Error is null);

        var slices = snapshot.Services[new ObjectName("default", "web")].Slices;
        Assert.Equal(used, string.Join(' ', slices.SelectMany(s => s.Endpoints).Select(e => e.Address).Order()));
    }

    [Fact]
    public async Task Service_CIDRs_of_manifests_are_read_and_those_that_no_server_would_take_are_named()
    {
        folder.With("a.yaml", """
            apiVersion: networking.k8s.io/v1
            kind: ServiceCIDR
            metadata: { name: kubernetes }
            spec: { cidrs: [ 10.96.0.0/12, "fd00:96::/108" ] }
            """);
        await using var source = new RunningSource(folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }));
        await source.UntilAsync(s => s.ServiceCidrs.Count == 2, s => s.Error is null);

        folder.With("b.yaml", """
            apiVersion: networking.k8s.io/v1
            kind: ServiceCIDR
            metadata: { name: wrong }
            spec: { cidrs: [ 10.0.0.0/16, 10.1.0.0/16 ] }
            """);
        await source.UntilStatusAsync(s => s.Error is not null);
        Assert.Contains("ServiceCIDR wrong: spec.cidrs: has more than one range of a family", source.Source.Status.Error);

        File.Delete(folder.PathOf("a.yaml"));
        await source.UntilAsync(s => s.ServiceCidrs.IsEmpty);
    }
}
