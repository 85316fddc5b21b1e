using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>ServiceCIDRs are read where the server has them, and nobody waits for them (contract sections 1 and 18).</summary>
public sealed class ServiceCidrTests : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private FakeApiServer server = null!;
    private ApiServerSource source = null!;
    private IAsyncEnumerator<ClusterSnapshot> snapshots = null!;

    [Fact]
    public async Task Their_ranges_are_in_the_snapshot_and_follow_changes()
    {
        await StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        server.Apply(CidrJson("kubernetes", "10.96.0.0/12", "fd00:96::/108"));
        Assert.Equal(["10.96.0.0/12", "fd00:96::/108"], await Until(s => s.ServiceCidrs.Count == 2));

        server.Apply(CidrJson("more", "172.30.0.0/16"));
        Assert.Equal(["10.96.0.0/12", "fd00:96::/108", "172.30.0.0/16"], await Until(s => s.ServiceCidrs.Count == 3));

        server.Delete(FakeResource.ServiceCidrs, "kubernetes");
        Assert.Equal(["172.30.0.0/16"], await Until(s => s.ServiceCidrs.Count == 1));
    }

    [Fact]
    public async Task A_server_without_them_is_no_trouble_and_is_asked_again_later()
    {
        await StartAsync(new FakeApiServerOptions());
        server.Apply(ServiceJson("web"));

        Assert.Empty(await Until(s => s.Services.Count == 1));

        Eventually.True(() => server.Requests.Count(r => r.Path == FakeResource.ServiceCidrs.Path) >= 2, "a second question");
        Assert.True(source.Status.IsSynced);
        Assert.Null(source.Status.Error);
    }

    [Fact]
    public async Task An_agent_that_may_not_read_them_works_without_until_it_may()
    {
        server = await FakeApiServer.StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        server.Faults.Forbid("list", "servicecidrs");
        server.Apply(CidrJson("kubernetes", "10.96.0.0/12"));
        Read();
        Assert.Empty(await Until(_ => true));
        Assert.Null(source.Status.Error);

        server.Faults.Allow("list", "servicecidrs");

        Assert.Equal(["10.96.0.0/12"], await Until(s => s.ServiceCidrs.Count == 1));
    }

    [Fact]
    public async Task When_they_are_no_longer_shown_they_count_as_gone()
    {
        await StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        server.Apply(CidrJson("kubernetes", "10.96.0.0/12"));
        await Until(s => s.ServiceCidrs.Count == 1);

        server.Faults.Forbid("list", "servicecidrs");
        server.Faults.Forbid("watch", "servicecidrs");
        server.ExpireWatches();

        Assert.Empty(await Until(s => s.ServiceCidrs.IsEmpty));
    }

    [Fact]
    public async Task The_first_snapshot_does_not_wait_for_them()
    {
        server = await FakeApiServer.StartAsync(new FakeApiServerOptions { HasServiceCidrs = true });
        server.Faults.FailNext(500);
        Read();

        Assert.Empty(await Until(_ => true));
        Assert.True(source.Status.IsSynced);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await snapshots.DisposeAsync();
        source.Dispose();
        await server.DisposeAsync();
        stop.Dispose();
    }

    private static string CidrJson(string name, params string[] cidrs) =>
        $$"""{"kind":"ServiceCIDR","apiVersion":"networking.k8s.io/v1","metadata":{"name":"{{name}}"},"spec":{"cidrs":["{{string.Join("\",\"", cidrs)}}"]} }""";

    private async Task StartAsync(FakeApiServerOptions options)
    {
        server = await FakeApiServer.StartAsync(options);
        Read();
    }

    private void Read()
    {
        source = new ApiServerSource(
            new ApiConnection([server.Url], "test"),
            new ApiServerSourceOptions("node-1")
            {
                Reflector = new ReflectorOptions
                {
                    FirstRetry = TimeSpan.FromMilliseconds(5),
                    LongestRetry = TimeSpan.FromMilliseconds(20),
                    OptionalRetry = TimeSpan.FromMilliseconds(20),
                },
            },
            TimeProvider.System,
            new Random(1),
            NullLogger<ApiServerSource>.Instance);
        snapshots = source.ReadAsync(stop.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    private async Task<IEnumerable<string>> Until(Func<ClusterSnapshot, bool> satisfies)
    {
        while (true)
        {
            Assert.True(await snapshots.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
            if (satisfies(snapshots.Current)) return snapshots.Current.ServiceCidrs.Select(c => c.ToString());
        }
    }
}
