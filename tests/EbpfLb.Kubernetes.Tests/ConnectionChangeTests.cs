using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Kubernetes.Tests.Auth;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>A kubeconfig, token or CA that changes counts without a restart, and what is known stays meanwhile.</summary>
public sealed class ConnectionChangeTests : IAsyncLifetime
{
    private readonly CancellationTokenSource stop = new();
    private readonly TempDirectory directory = new();
    private readonly LineLogger<ApiServerSource> logger = new();
    private FakeApiServer first = null!;
    private FakeApiServer second = null!;
    private ApiServerSource? source;
    private IAsyncEnumerator<ClusterSnapshot> snapshots = null!;

    public async ValueTask InitializeAsync()
    {
        first = await FakeApiServer.StartAsync();
        second = await FakeApiServer.StartAsync();
        first.Apply(ServiceJson("web"));
        second.Apply(ServiceJson("web"));
        second.Apply(ServiceJson("other", ip: "10.96.0.2"));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await snapshots.DisposeAsync();
        source!.Dispose();
        await first.DisposeAsync();
        await second.DisposeAsync();
        directory.Dispose();
        stop.Dispose();
    }

    private string Write(Uri server, string user = "token: old", string cluster = "") => directory.Write("config", $$"""
        apiVersion: v1
        kind: Config
        current-context: c
        contexts: [ { name: c, context: { cluster: c, user: u } } ]
        clusters: [ { name: c, cluster: { server: "{{server}}"{{cluster}} } } ]
        users: [ { name: u, user: { {{user}} } } ]
        """);

    private void Start(string path)
    {
        source = new ApiServerSource(
            KubeconfigFile.Load(path),
            new ApiServerSourceOptions("node-1")
            {
                Reflector
                    = new ReflectorOptions { FirstRetry = TimeSpan.FromMilliseconds(5), LongestRetry = TimeSpan.FromMilliseconds(20) },
                ReloadPeriod = TimeSpan.FromMilliseconds(10),
            },
            TimeProvider.System, new Random(1), logger);
        snapshots = source.ReadAsync(stop.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    /// <summary>The first snapshot comes before its watches are open, and only an open one that is cut makes another request.</summary>
    private void UntilWatched() => Eventually.True(
        () => first.OpenWatches == 3, () => $"the watches of services, slices and nodes to be open, not {first.OpenWatches}");

    private async Task<ClusterSnapshot> Until(Func<ClusterSnapshot, bool> satisfies)
    {
        while (true)
        {
            Assert.True(
                await snapshots.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken));
            if (satisfies(snapshots.Current)) return snapshots.Current;
        }
    }

    [Contract("13", "exits: another Node address, another podCIDR, a deleted Node, another file or kubeconfig: here without an exit")]
    [Fact]
    public async Task Another_server_in_the_kubeconfig_is_used_and_what_did_not_change_keeps_its_reference()
    {
        var path = Write(first.Url);
        Start(path);
        var before = await Until(s => s.Services.Count == 1);

        Write(second.Url);

        var after = await Until(s => s.Services.Count == 2);
        Assert.Same(before.Services[Name("web")], after.Services[Name("web")]);
        second.Apply(ServiceJson("third", ip: "10.96.0.3"));
        await Until(s => s.Services.Count == 3);
    }

    [Fact]
    public async Task A_kubeconfig_that_cannot_be_used_changes_nothing_until_it_is_repaired()
    {
        var path = Write(first.Url);
        Start(path);
        await Until(s => s.Services.Count == 1);
        directory.Write("config", "apiVersion: v1\nkind: Config\ncurrent-context: nowhere\n");
        first.Apply(ServiceJson("late", ip: "10.96.0.9"));
        await Until(s => s.Services.Count == 2);

        Write(second.Url);
        await Until(s => s.Services.ContainsKey(Name("other")));
    }

    /// <summary>Each would once throw out of a request, or out of the reading of the file, and end the agent.</summary>
    [Theory]
    [InlineData("token: \"a\\nb\"", "", "users[0].user.token")]
    [InlineData("token: a", ", tls-server-name: \"kubernetes default\"", "clusters[0].cluster.tls-server-name")]
    [InlineData("token: a", ", certificate-authority: \"\\0\"", "clusters[0].cluster.certificate-authority")]
    [InlineData("token: a", ", certificate-authority: nowhere.crt", "nowhere.crt does not exist")]
    public async Task A_kubeconfig_with_text_that_no_request_can_carry_is_reported_once_and_the_last_one_stays(
        string user, string cluster, string named)
    {
        Start(Write(first.Url));
        await Until(s => s.Services.Count == 1);
        Write(second.Url, user, cluster);
        logger.Until(line => line.Contains(named));
        first.Apply(ServiceJson("late", ip: "10.96.0.9"));
        await Until(s => s.Services.Count == 2);
        Assert.Single(logger.Lines, line => line.Contains(named));
        Assert.Empty(second.Requests);
        Assert.Contains("the last one stays", logger.Lines.Single(line => line.Contains(named)));
    }

    [Fact]
    public async Task A_file_that_the_kubeconfig_names_may_come_after_it()
    {
        Start(Write(first.Url));
        await Until(s => s.Services.Count == 1);
        Write(second.Url, "tokenFile: late", ", certificate-authority: late.crt");
        logger.Until(line => line.Contains("late.crt does not exist"));

        using var authority = new FakeAuthority();
        directory.Write("late", "abc");
        directory.Write("late.crt", authority.Pem);

        await Until(s => s.Services.ContainsKey(Name("other")));
    }

    [Fact]
    public async Task A_token_file_that_is_spoiled_is_reported_and_the_last_token_stays()
    {
        first.Faults.AcceptTokens("old", "new");
        directory.Write("token", "old");
        Start(Write(first.Url, "tokenFile: token"));
        await Until(s => s.Services.Count == 1);
        UntilWatched();
        directory.Write("token", "a\nb");
        first.CutWatches();
        logger.Until(line => line.Contains("U+000A") && line.Contains("the last ones stay in use"));
        first.Apply(ServiceJson("late", ip: "10.96.0.9"));

        await Until(s => s.Services.Count == 2);
    }

    [Fact]
    public async Task A_token_in_the_kubeconfig_that_changes_is_shown()
    {
        first.Faults.AcceptTokens("old", "new");
        var path = Write(first.Url);
        Start(path);
        await Until(s => s.Services.Count == 1);
        UntilWatched();

        first.Faults.AcceptTokens("new");
        Write(first.Url, "token: new");
        first.CutWatches();
        first.Apply(ServiceJson("late", ip: "10.96.0.9"));

        await Until(s => s.Services.Count == 2);
        // The change may still have come by a watch that was about to be cut.
        Eventually.True(() => first.Requests.Any(r => r.User == "token:new"), "a request with the new token");
    }

    [Fact]
    public async Task A_token_file_that_changes_is_shown_with_the_next_request()
    {
        first.Faults.AcceptTokens("old");
        directory.Write("token", "old");
        Start(Write(first.Url, "tokenFile: token"));
        await Until(s => s.Services.Count == 1);
        UntilWatched();

        first.Faults.AcceptTokens("new");
        directory.Write("token", "new");
        first.CutWatches();
        first.Apply(ServiceJson("late", ip: "10.96.0.9"));

        await Until(s => s.Services.Count == 2);
    }

    [Fact]
    public async Task Requests_are_counted_by_code_method_and_server()
    {
        first.Faults.FailNext(500, times: 1);
        Start(Write(first.Url));
        await Until(s => s.Services.Count == 1);

        // It may have been that of ServiceCIDRs, which no snapshot waits for.
        Eventually.True(
            () => source!.Requests.Read().GetValueOrDefault(new("500", "GET", first.Url.Authority)) == 1, "the 500 to be counted");
        var counts = source!.Requests.Read();
        Assert.InRange(counts[new("200", "GET", first.Url.Authority)], 3, 1000);
    }
}
