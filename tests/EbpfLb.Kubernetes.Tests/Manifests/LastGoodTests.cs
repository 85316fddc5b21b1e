namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>What was good stays in use until something better comes.</summary>
public sealed class LastGoodTests : IDisposable
{
    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private RunningSource Run() => new(folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }));

    [Fact]
    public async Task A_broken_file_keeps_its_content_and_does_not_disturb_the_others()
    {
        folder.With("a.yaml", ManifestText.Service("a", "10.96.0.1"));
        folder.With("b.yaml", ManifestText.Service("b", "10.96.0.2"));
        await using var source = Run();
        await source.UntilAsync(s => s.Has("a") && s.Has("b"));

        folder.With("a.yaml", "apiVersion: v1\nkind: Service\n  metadata: oops\n");
        await source.UntilStatusAsync(s => s.Error is not null);
        Assert.StartsWith("a.yaml:3:", source.Source.Status.Error);
        folder.With("b.yaml", ManifestText.Service("b", "10.96.0.3"));
        await source.UntilAsync(s => s.ClusterIP("a") == "10.96.0.1" && s.ClusterIP("b") == "10.96.0.3", s => s.Error is not null);

        folder.With("a.yaml", ManifestText.Service("a", "10.96.0.4"));
        await source.UntilAsync(s => s.ClusterIP("a") == "10.96.0.4", s => s.Error is null);
    }

    [Fact]
    public async Task A_refused_object_stays_as_it_was_while_the_rest_of_its_file_moves_on()
    {
        folder.With("all.yaml", ManifestText.Service("a", "10.96.0.1") + "\n---\n" + ManifestText.Service("b", "10.96.0.2"));
        await using var source = Run();
        await source.UntilAsync(s => s.Has("a") && s.Has("b"));

        folder.With("all.yaml", ManifestText.Service("a", "10.96.0.9", port: 0) + "\n---\n" + ManifestText.Service("b", "10.96.0.3"));
        await source.UntilAsync(s => s.ClusterIP("b") == "10.96.0.3" && s.ClusterIP("a") == "10.96.0.1", s => s.Error is not null);
        Assert.Contains("Service default/a: spec.ports[0].port", source.Source.Status.Error);

        folder.With("all.yaml", ManifestText.Service("b", "10.96.0.3"));
        await source.UntilAsync(s => !s.Has("a"), s => s.Error is null);
    }

    [Fact]
    public async Task A_broken_file_that_is_deleted_takes_its_objects_and_its_error_along()
    {
        folder.With("a.yaml", ManifestText.Service("a"));
        await using var source = Run();
        await source.UntilAsync(s => s.Has("a"));
        folder.With("a.yaml", "{");
        await source.UntilStatusAsync(s => s.Error is not null);
        Assert.True(source.Latest!.Has("a"));

        File.Delete(folder.PathOf("a.yaml"));
        await source.UntilAsync(s => !s.Has("a"), s => s.Error is null);
    }

    [Fact]
    public async Task An_object_refused_from_the_start_is_absent()
    {
        folder.With("a.yaml", ManifestText.Service("a", port: 0) + "\n---\n" + ManifestText.Service("b"));
        Assert.Equal(["default/b"], (await folder.LoadAsync()).ServiceNames);
    }

    [Fact]
    public async Task Of_the_same_object_in_two_files_the_first_by_name_wins()
    {
        folder.With("2.yaml", ManifestText.Service("web", "10.96.0.2"));
        folder.With("1.yaml", ManifestText.Service("web", "10.96.0.1"));
        await using var source = Run();
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.1", s => s.Error is not null);
        Assert.Equal(
            "2.yaml:1:1: Service default/web: is there already in 1.yaml, which is used; remove one of them", source.Source.Status.Error);

        File.Delete(folder.PathOf("1.yaml"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.2", s => s.Error is null);
    }

    [Fact]
    public async Task Of_the_same_object_twice_in_a_file_the_first_wins()
    {
        folder.With("web.yaml", ManifestText.Service("web", "10.96.0.1") + "\n---\n" + ManifestText.Service("web", "10.96.0.2"));
        var loaded = await folder.LoadAsync();
        Assert.Equal("10.96.0.1", loaded.Snapshot.ClusterIP("web"));
        Assert.Equal("web.yaml:12:1: Service default/web: is there already earlier in this file, which is used; remove one of them",
            Assert.Single(loaded.Errors));
    }

    [Fact]
    public async Task The_same_name_in_another_namespace_or_kind_is_another_object()
    {
        folder.With("a.yaml", ManifestText.Service("web", "10.96.0.1") + "\n---\n" + ManifestText.Slice("web", "web", "10.244.0.1"));
        folder.With("b.yaml",
            ManifestText.Service("web", "10.96.0.2").Replace("name: web", "name: web\n  namespace: other", StringComparison.Ordinal));
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Errors);
        Assert.Equal(["default/web", "other/web"], loaded.ServiceNames);
    }

    [Fact]
    public async Task A_ClusterIP_belongs_to_the_first_service_that_asks()
    {
        folder.With("a.yaml", ManifestText.Service("a", "10.96.0.1"));
        folder.With("b.yaml", ManifestText.Service("b", "10.96.0.1"));
        await using var source = Run();
        await source.UntilAsync(s => s.Has("a") && !s.Has("b"), s => s.Error is not null);
        Assert.Equal(
            "b.yaml:1:1: Service default/b: spec.clusterIPs: 10.96.0.1 is already allocated to Service default/a; choose another address",
            source.Source.Status.Error);

        folder.With("a.yaml", ManifestText.Service("a", "10.96.0.2"));
        await source.UntilAsync(s => s.Has("a") && s.Has("b"), s => s.Error is null);
    }

    [Theory]
    [InlineData("type: NodePort, ports: [{port: 80, nodePort: 30080}]",
        "type: NodePort, ports: [{port: 81, nodePort: 30080, protocol: UDP}]", "spec.ports[0].nodePort: 30080")]
    [InlineData("type: NodePort, ports: [{port: 80, nodePort: 32000}]",
        "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 32000, ports: [{port: 80}]",
        "spec.healthCheckNodePort: 32000")]
    [InlineData("type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 32000, ports: [{port: 80}]",
        "type: NodePort, ports: [{port: 80, nodePort: 32000}]", "spec.ports[0].nodePort: 32000")]
    public async Task A_node_port_belongs_to_the_first_service_that_asks(string first, string second, string reason)
    {
        folder.With("a.yaml", $"{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {{clusterIP: 10.96.0.1, {first}}}}}");
        folder.With("b.yaml", $"{{apiVersion: v1, kind: Service, metadata: {{name: b}}, spec: {{clusterIP: 10.96.0.2, {second}}}}}");
        var loaded = await folder.LoadAsync();
        Assert.Equal(["default/a"], loaded.ServiceNames);
        Assert.Contains(
            $"Service default/b: {reason} is already allocated to Service default/a; choose another port", Assert.Single(loaded.Errors));
    }

    [Fact]
    public async Task A_refused_object_claims_nothing()
    {
        folder.With("a.yaml", ManifestText.Service("a", "10.96.0.1", port: 0));
        folder.With("b.yaml", ManifestText.Service("a", "10.96.0.1"));
        folder.With("c.yaml", ManifestText.Service("c", "10.96.0.1"));
        folder.With("d.yaml", ManifestText.Service("c", "10.96.0.3"));
        var loaded = await folder.LoadAsync();
        Assert.Equal(["default/a", "default/c"], loaded.ServiceNames);
        Assert.Equal("10.96.0.3", loaded.Snapshot.ClusterIP("c"));
        Assert.Equal(2, loaded.Errors.Count);
    }
}
