using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>ServiceCIDRs are read where the server has them, and nobody waits for them (docs/contract.md 1 and 18).</summary>
public sealed class ServiceCidrTests : SourceTest
{
    /// <summary>Each test starts a server of its own kind.</summary>
    public override ValueTask InitializeAsync()
    {
        Options = Options with { Reflector = Options.Reflector with { OptionalRetry = TimeSpan.FromMilliseconds(20) } };
        return ValueTask.CompletedTask;
    }

    [Contract("1", "ServiceCIDR: all, where there are some; nobody waits")]
    [Fact]
    public async Task Their_ranges_are_in_the_snapshot_and_follow_changes()
    {
        await StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        Server.Apply(CidrJson("kubernetes", "10.96.0.0/12", "fd00:96::/108"));
        Assert.Equal(["10.96.0.0/12", "fd00:96::/108"], await RangesAfter(s => s.ServiceCidrs.Count == 2));

        Server.Apply(CidrJson("more", "172.30.0.0/16"));
        Assert.Equal(["10.96.0.0/12", "fd00:96::/108", "172.30.0.0/16"], await RangesAfter(s => s.ServiceCidrs.Count == 3));

        Server.Delete(FakeResource.ServiceCidrs, "kubernetes");
        Assert.Equal(["172.30.0.0/16"], await RangesAfter(s => s.ServiceCidrs.Count == 1));
    }

    [Contract("18", "ServiceCIDR: 404, 403 and 410 mean none, and are asked again later")]
    [Fact]
    public async Task A_server_without_them_is_no_failure_and_is_asked_again_later()
    {
        await StartAsync(new FakeApiServerOptions());
        Server.Apply(ServiceJson("web"));

        Assert.Empty(await RangesAfter(s => s.Services.Count == 1));

        Eventually.True(() => Server.Requests.Count(r => r.Path == FakeResource.ServiceCidrs.Path) >= 2, "a second question");
        Assert.True(Source.Status.IsSynced);
        Assert.Null(Source.Status.Error);
    }

    [Contract("18", "ServiceCIDR: 404, 403 and 410 mean none, and are asked again later")]
    [Fact]
    public async Task An_agent_that_may_not_read_them_works_without_until_it_may()
    {
        Server = await FakeApiServer.StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        Server.Faults.Forbid("list", "servicecidrs");
        Server.Apply(CidrJson("kubernetes", "10.96.0.0/12"));
        Start(Server.Url);
        Assert.Empty(await RangesAfter(_ => true));
        Assert.Null(Source.Status.Error);

        Server.Faults.Allow("list", "servicecidrs");

        Assert.Equal(["10.96.0.0/12"], await RangesAfter(s => s.ServiceCidrs.Count == 1));
    }

    [Fact]
    public async Task When_they_are_no_longer_shown_they_count_as_gone()
    {
        await StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        Server.Apply(CidrJson("kubernetes", "10.96.0.0/12"));
        await RangesAfter(s => s.ServiceCidrs.Count == 1);
        // Only a watch that is open can expire; one that is answered after the refusal was ordered, but was let in before, goes on.
        Eventually.True(() => Server.OpenWatches == 4, "the watches of all four collections");

        Server.Faults.Forbid("list", "servicecidrs");
        Server.Faults.Forbid("watch", "servicecidrs");
        Server.ExpireWatches();

        Assert.Empty(await RangesAfter(s => s.ServiceCidrs.IsEmpty));
    }

    [Contract("1", "ServiceCIDR: all, where there are some; nobody waits")]
    [Contract("13", "first programming: after both lists; ServiceCIDRs are not waited for; what an earlier agent left serves meanwhile")]
    [Fact]
    public async Task The_first_snapshot_does_not_wait_for_them()
    {
        Server = await FakeApiServer.StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        Server.Faults.FailNext(500);
        Start(Server.Url);

        Assert.Empty(await RangesAfter(_ => true));
        Assert.True(Source.Status.IsSynced);
    }

    private static string CidrJson(string name, params string[] cidrs) =>
        $$"""{"kind":"ServiceCIDR","apiVersion":"networking.k8s.io/v1","metadata":{"name":"{{name}}"},"spec":{"cidrs":["{{string.Join("\",\"", cidrs)}}"]} }""";

    private async Task StartAsync(FakeApiServerOptions options)
    {
        Server = await FakeApiServer.StartAsync(options);
        Start(Server.Url);
    }

    private async Task<IEnumerable<string>> RangesAfter(Func<ClusterSnapshot, bool> satisfies)
        => (await Until(satisfies)).ServiceCidrs.Select(c => c.ToString());
}
