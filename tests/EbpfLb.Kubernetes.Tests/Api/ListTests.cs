using System.Net;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Time;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Api;

public sealed class ListTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_collection_of_several_pages_comes_whole_as_of_one_version()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Load(new FakeCluster(services: 1203, endpointsPerService: 2));
        using var api = Client(server.Url);

        var list = await api.ListAsync(ApiResources.EndpointSlices, ApiSelector.All, Cancel);

        Assert.Equal(1203, list.Items.Count);
        Assert.Equal(server.ResourceVersion, list.ResourceVersion);
        Assert.Equal(3, server.Requests.Count);
        Assert.All(list.Items, s => Assert.Equal(2, s.Endpoints.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task Lists_read_the_same_with_and_without_gzip(int gzipFrom)
    {
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { GzipFrom = gzipFrom });
        server.Load(new FakeCluster(services: 300, endpointsPerService: 3));
        using var api = Client(server.Url);

        var list = await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

        Assert.Equal(300, list.Items.Count);
    }

    [Fact]
    public async Task Labels_are_selected_by_the_server()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Apply(ServiceJson("mine"));
        server.Apply(ServiceJson("theirs", labels: "\"service.kubernetes.io/service-proxy-name\":\"x\""));
        using var api = Client(server.Url);

        var list = await api.ListAsync(ApiResources.Services, new ApiSelector("!service.kubernetes.io/service-proxy-name"), Cancel);

        Assert.Equal(["shop/mine"], list.Items.Select(s => s.Name.ToString()));
    }

    [Fact]
    public async Task A_field_selector_that_an_old_server_does_not_know_is_a_bad_request()
    {
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { KnowsClusterIPField = false });
        using var api = Client(server.Url);

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, new ApiSelector(Fields: "spec.clusterIP!=None"), Cancel));

        Assert.Equal(ApiFailure.BadRequest, failure.Failure);
    }

    [Fact]
    public async Task A_list_that_is_cut_gives_nothing()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Load(new FakeCluster(services: 100, endpointsPerService: 1));
        server.Faults.CutNextLists(1);
        using var api = Client(server.Url);

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        Assert.Equal(ApiFailure.Cut, failure.Failure);
    }

    [Fact]
    public async Task A_list_that_stalls_in_its_middle_is_given_up()
    {
        var time = new ManualTimeProvider();
        await using var server = await FakeApiServer.StartAsync();
        server.Load(new FakeCluster(services: 100, endpointsPerService: 1));
        server.Faults.StallLists = true;
        using var api = Client(server.Url, time, new ApiTimeouts { Answer = TimeSpan.FromSeconds(21) });

        var list = api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);
        Testing.Processes.Eventually.True(() => server.Faults.StalledLists == 1, "half of the list");
        Testing.Processes.Eventually.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(21));
                return list.IsCompleted;
            },
            "the end of the wait");

        var failure = await FailureOf(() => list);
        Assert.Equal(ApiFailure.Unreachable, failure.Failure);
        Assert.Contains("within 21 s", failure.Message);
    }

    [Fact]
    public async Task A_list_that_stalls_in_its_middle_ends_with_its_callers_token()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Load(new FakeCluster(services: 100, endpointsPerService: 1));
        server.Faults.StallLists = true;
        using var api = Client(server.Url);
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var list = api.ListAsync(ApiResources.Services, ApiSelector.All, caller.Token);
        Testing.Processes.Eventually.True(() => server.Faults.StalledLists == 1, "half of the list");
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => list);
    }

    [Theory]
    [InlineData(429, ApiFailure.Busy, 7)]
    [InlineData(503, ApiFailure.Unavailable, 7)]
    [InlineData(500, ApiFailure.ServerError, 7)]
    [InlineData(503, ApiFailure.Unavailable, null)]
    public async Task An_overloaded_server_says_when_to_come_back(int code, ApiFailure expected, int? seconds)
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Faults.FailNext(code, retryAfterSeconds: seconds);
        using var api = Client(server.Url);

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        Assert.Equal((expected, seconds), (failure.Failure, (int?)failure.RetryAfter?.TotalSeconds));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up()
    {
        var time = new ManualTimeProvider();
        await using var server = await FakeApiServer.StartAsync();
        server.Faults.Hold();
        using var api = Client(server.Url, time, new ApiTimeouts { Answer = TimeSpan.FromSeconds(21) });

        // The credentials come first and have a limit of their own: advance only once the request itself is out.
        var list = api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);
        Testing.Processes.Eventually.True(() => server.Requests.Count == 1, "the request");
        time.Advance(TimeSpan.FromSeconds(21));

        var failure = await FailureOf(() => list);
        Assert.Equal(ApiFailure.Unreachable, failure.Failure);
        Assert.Contains("no answer within 21 s", failure.Message);
    }

    [Fact]
    public async Task A_port_where_nothing_listens_is_explained()
    {
        var server = await FakeApiServer.StartAsync();
        await server.StopAsync();
        using var api = Client(server.Url);

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        Assert.Equal(ApiFailure.Unreachable, failure.Failure);
        Assert.Contains("connection refused", failure.Message);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_explained()
    {
        using var api = Client(new Uri("https://no-such-host.invalid:6443"));

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        Assert.Equal(ApiFailure.Unreachable, failure.Failure);
        Assert.Contains("no-such-host.invalid does not resolve", failure.Message);
    }

    [Fact]
    public async Task The_next_server_is_used_when_one_is_away_and_stays_in_use()
    {
        var away = await FakeApiServer.StartAsync();
        await away.StopAsync();
        await using var here = await FakeApiServer.StartAsync();
        here.Apply(ServiceJson("web"));
        using var api = Client(new Kubernetes.Auth.ApiConnection([away.Url, here.Url], "test"));

        Assert.Single((await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel)).Items);

        Assert.Equal(here.Url.AbsoluteUri.TrimEnd('/'), api.Description);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task The_next_server_is_used_when_one_cannot_serve_and_stays_in_use(int code)
    {
        await using var unable = await FakeApiServer.StartAsync();
        unable.Faults.FailNext(code, times: 1000);
        await using var able = await FakeApiServer.StartAsync();
        able.Apply(ServiceJson("web"));
        using var api = Client(new Kubernetes.Auth.ApiConnection([unable.Url, able.Url], "test"));

        Assert.Single((await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel)).Items);

        Assert.Equal(able.Url.AbsoluteUri.TrimEnd('/'), api.Description);
        Assert.Single(unable.Requests);
    }

    [Fact]
    public async Task A_server_that_asks_to_slow_down_stays_in_use()
    {
        await using var busy = await FakeApiServer.StartAsync();
        busy.Faults.FailNext(429, retryAfterSeconds: 1);
        await using var other = await FakeApiServer.StartAsync();
        using var api = Client(new Kubernetes.Auth.ApiConnection([busy.Url, other.Url], "test"));

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        Assert.Equal(ApiFailure.Busy, failure.Failure);
        Assert.Equal(busy.Url.AbsoluteUri.TrimEnd('/'), api.Description);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task An_object_that_does_not_read_is_left_out_and_named()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Apply(ServiceJson("good"));
        server.Apply("""{"kind":"Service","metadata":{"name":"bad","namespace":"shop"},"spec":{"ports":"none"}}""");
        var warnings = new List<WireWarning>();
        using var api = Client(server.Url, warnings: warnings);

        var list = await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

        Assert.Equal(["shop/good"], list.Items.Select(s => s.Name.ToString()));
        Assert.Equal(
            ("Service", "shop/bad", "$.spec.ports"), (Assert.Single(warnings).Kind, warnings[0].Object.ToString(), warnings[0].Field));
    }

    [Fact]
    public async Task A_get_of_what_is_not_there_is_null()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Apply(ServiceJson("web"));
        using var api = Client(server.Url);

        Assert.Null(await api.GetAsync(ApiResources.Services, Name("other"), Cancel));
        Assert.Equal(Name("web"), (await api.GetAsync(ApiResources.Services, Name("web"), Cancel))?.Name);
    }

    [Theory]
    [InlineData(true, "HTTP/2")]
    [InlineData(false, "HTTP/1.1")]
    public async Task Http_2_is_spoken_where_the_server_can(bool http2, string expected)
    {
        using var authority = new FakeAuthority();
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificate, Http2 = http2 });
        using var api = Client(Auth.TlsFixture.Trusting(server.Url, authority));

        await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

        Assert.Equal(expected, Assert.Single(server.Requests).Protocol);
    }

    [Fact]
    public async Task A_client_bound_to_http_1_speaks_it()
    {
        using var authority = new FakeAuthority();
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificate });
        using var api = Client(Auth.TlsFixture.Trusting(server.Url, authority), http: HttpVersion.Version11);

        await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

        Assert.Equal("HTTP/1.1", Assert.Single(server.Requests).Protocol);
    }
}
