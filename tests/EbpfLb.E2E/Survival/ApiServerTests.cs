using System.Net;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Survival;

/// <summary>The agent reads an API server that listens on its node, which goes away and comes back as another.</summary>
public sealed class ApiServerTests : IAsyncLifetime
{
    private readonly string kubeconfig = Path.GetTempFileName();
    private FakeApiServer api = null!;
    private TestNode node = null!;

    public async ValueTask InitializeAsync()
    {
        await Task.Yield();
        node = new TestNode(extra: [], StartApiServer);
    }

    [Fact]
    public void Services_are_served_and_follow_the_watch()
    {
        var service = Publish(node.NewService("a"));

        Apply(service.Manifest with { Endpoints = node.Addresses("b") });

        Eventually.True(() => Try(service).By("b/8080") == 1, "the change to arrive");
        Delete(service);
        Eventually.True(() => Try(service).Errors.ContainsKey("connect/EHOSTUNREACH"), "the deletion to arrive");
    }

    [Contract("13", "API server away: the state stays, and is healthy; relists find what was missed")]
    [Fact]
    public async Task While_the_API_server_is_away_the_dataplane_keeps_its_state_and_then_converges()
    {
        var (kept, changed, deleted) = (Publish(node.NewService("a", "b")), Publish(node.NewService("a")), Publish(node.NewService("a")));
        var added = node.NewService("c");
        var load = node.Probe.Start(kept.Load(LoadMode.Tcp, Family.IPv4));

        await api.StopAsync();
        Assert.True(load.AfterMore(200).IsClean);
        Assert.Equal([1, 1], ((TestService[])[changed, deleted]).Select(service => Try(service).By("a/8080")));
        // It comes back with other content and no history, as an etcd restored from elsewhere.
        api.Reset();
        Apply(kept.Manifest);
        Apply(changed.Manifest with { Endpoints = node.Addresses("b") });
        Apply(added.Manifest);
        await api.StartAgainAsync();

        Eventually.True(() => Try(added).By("c/8080") == 1, "the new service to be served");
        Eventually.True(() => Try(changed).By("b/8080") == 1, "the change to arrive");
        Eventually.True(() => Try(deleted).Errors.ContainsKey("connect/EHOSTUNREACH"), "the deletion to arrive");
        var report = load.Stop();
        Assert.True(report.IsClean, report.Line);
    }

    [Contract("13", "listeners: before the caches are synced")]
    [Fact]
    public async Task Started_without_its_API_server_the_agent_leaves_the_pinned_state_in_force_until_it_knows_better()
    {
        var (kept, deleted) = (Publish(node.NewService("a", "b")), Publish(node.NewService("a")));
        var pins = node.Agent.PinnedIds();
        var load = node.Probe.Start(kept.Load(LoadMode.Tcp, Family.IPv6));

        node.Agent.Kill();
        await api.StopAsync();
        Delete(deleted);
        node.Agent.Launch();
        Eventually.True(() => node.Agent.Health() == HttpStatusCode.ServiceUnavailable, "the agent to say that it is not ready");
        load.AfterMore(200);
        Assert.Equal(1, Try(deleted).By("a/8080"));
        await api.StartAgainAsync();
        node.Agent.WaitUntilReady();

        Assert.Equal(["connect/EHOSTUNREACH"], Try(deleted).Errors.Keys);
        Assert.Equal(pins, node.Agent.PinnedIds());
        var report = load.Stop();
        Assert.True(report.IsClean, report.Line);
    }

    [Contract("13", "API server away: the state stays, and is healthy; relists find what was missed")]
    [Fact]
    public void Watches_that_expire_lose_nothing()
    {
        var service = Publish(node.NewService("a"));
        var load = node.Probe.Start(service.Load(LoadMode.Tcp, Family.IPv4));

        foreach (var target in (string[])["b", "c", "a"])
        {
            api.ExpireWatches();
            Apply(service.Manifest with { Endpoints = node.Addresses(target) });
            Eventually.True(() => Try(service).By($"{target}/8080") == 1, $"requests to reach {target}");
        }

        var report = load.Stop();
        Assert.True(report.IsClean, report.Line);
    }

    public async ValueTask DisposeAsync()
    {
        node?.Dispose();
        if (api is not null)
            await api.DisposeAsync();
        File.Delete(kubeconfig);
    }

    private IReadOnlyList<string> StartApiServer(NodeNetns where)
    {
        api = FakeApiServer.StartAsync(new FakeApiServerOptions { Netns = where.Place.NetnsPath, Port = 6443 }).GetAwaiter().GetResult();
        File.WriteAllText(kubeconfig, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test} }]
            clusters: [{name: test, cluster: {server: "{{api.Url}}"} }]
            users: [{name: test, user: {token: secret} }]
            """);
        return ["--kubeconfig", kubeconfig];
    }

    private TestService Publish(TestService service)
    {
        Apply(service.Manifest);
        node.WaitUntilServed(service);
        return service;
    }

    private void Apply(ServiceManifest service)
    {
        foreach (var json in service.Objects)
            api.Apply(json);
    }

    private void Delete(TestService service)
    {
        var manifest = service.Manifest;
        api.Delete(FakeResource.Services, manifest.Name, manifest.Namespace);
        foreach (var family in (string[])["IPv4", "IPv6"])
            api.Delete(FakeResource.EndpointSlices, manifest.SliceName(family), manifest.Namespace);
    }

    private LoadReport Try(TestService service) => node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 1 });
}
