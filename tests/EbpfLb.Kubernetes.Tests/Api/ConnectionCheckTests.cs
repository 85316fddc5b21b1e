using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Tests.Auth;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Kubernetes.Tests.Api;

public sealed class ConnectionCheckTests : IDisposable
{
    private readonly FakeAuthority authority = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => authority.Dispose();

    [Fact]
    public async Task A_server_that_answers_is_asked_for_what_the_agent_needs_and_shows_until_when_it_may()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificate });

        var answer = Assert.Single(await AskAsync(TlsFixture.Trusting(server.Url, authority)));

        Assert.Empty(answer.Problems);
        Assert.Equal(certificate.NotAfter.ToUniversalTime(), answer.Certificate!.NotAfter);
        Assert.Equal(3, server.Requests.Count);
        var own = Assert.Single(await ConnectionCheck.CertificatesAsync(TlsFixture.Trusting(server.Url, authority), Cancel));
        Assert.Equal(authority.Certificate.NotAfter.ToUniversalTime(), own.NotAfter);
    }

    [Fact]
    public async Task A_certificate_that_has_expired_is_shown_though_it_is_not_believed()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(-1), "127.0.0.1");
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificate });

        var answer = Assert.Single(await AskAsync(TlsFixture.Trusting(server.Url, authority)));

        Assert.Contains("renew it", Assert.Single(answer.Problems));
        Assert.True(answer.Certificate!.NotAfter < DateTime.UtcNow);
    }

    [Fact]
    public async Task Each_resource_that_is_refused_is_named_and_a_server_that_is_away_once()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Faults.Forbid("list", "endpointslices");
        server.Faults.Forbid("list", "nodes");

        var answers = await AskAsync(new ApiConnection([server.Url, new Uri("http://127.0.0.1:1")], "test"));

        Assert.Equal(2, answers[0].Problems.Count);
        Assert.Contains("endpointslices", answers[0].Problems[0]);
        Assert.Contains("connection refused", Assert.Single(answers[1].Problems));
        Assert.Null(answers[0].Certificate);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", "<!DOCTYPE html>\n<title>Sign in; please</title>",
        "HTTP 200 (text/html) that begins with \"<!DOCTYPE html> <title>Sign in; please</title>\", and is no ServiceList")]
    [InlineData("application/json", "{\"kind\":\"PodList\",\"items\":[]}",
        "HTTP 200 (application/json) of kind PodList, and is no ServiceList")]
    [InlineData("application/json", "{\"items\":[{\"kind\":\"ServiceList\"}]}",
        "(application/json) that begins with \"{\"items\":[{\"kind\"")]
    [InlineData("application/json", "[\"ServiceList\"]", "begins with \"[\"ServiceList\"]\"")]
    [InlineData("application/json", "{\"kind\":\"Service", "begins with \"{\"kind\":\"Service\"")]
    [InlineData("application/json", "{\"kind\":7}", "begins with \"{\"kind\":7}\"")]
    [InlineData("", "\e]0;title\u0007hello", "HTTP 200 (no content type) that begins with \".]0;title.hello\"")]
    [InlineData("text/plain", "", "HTTP 200 (text/plain) with an empty body, and is no ServiceList")]
    public async Task What_answers_something_else_than_the_list_is_a_problem_that_says_what_answered(
        string contentType, string body, string expected)
    {
        await using var server = new WebServer(contentType, body);

        var problem = Assert.Single(Assert.Single(await AskAsync(new ApiConnection([server.Url], "test"))).Problems);

        Assert.StartsWith("cannot list services at http://127.0.0.1:", problem);
        Assert.Contains(": what answers is no API server: HTTP 200 (", problem);
        Assert.Contains(expected, problem);
        // What is after the last semicolon says what to do.
        Assert.EndsWith("; correct the API server's address, or let what stands before it (a proxy, a load balancer, a login page) pass "
            + "the agent's requests on to it", problem);
    }

    [Theory]
    [InlineData("{\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{\"name\":\"kind\"}}],\"kind\":\"ServiceList\"}")]
    [InlineData("\ufeff{ \"kind\": \"ServiceList\", \"items\": [")]
    public async Task The_kind_of_a_list_is_enough_wherever_it_stands(string body)
    {
        await using var server = new WebServer("application/json", body);

        var problem = Assert.Single(Assert.Single(await AskAsync(new ApiConnection([server.Url], "test"))).Problems);

        // The server says the same to the second question, so the first was answered well.
        Assert.Contains("cannot list endpointslices", problem);
        Assert.Contains("of kind ServiceList, and is no EndpointSliceList", problem);
    }

    [Fact]
    public async Task An_answer_without_end_is_read_at_its_beginning_alone()
    {
        await using var server = new WebServer("application/octet-stream", new string(' ', 1 << 20)) { IsEndless = true };

        var problem = Assert.Single(Assert.Single(await AskAsync(new ApiConnection([server.Url], "test"))).Problems);

        Assert.Contains("what answers is no API server: HTTP 200 (application/octet-stream)", problem);
    }

    private static Task<IReadOnlyList<ServerAnswer>> AskAsync(ApiConnection connection)
        => ConnectionCheck.AskAsync(connection, "node-1", TimeProvider.System, Cancel);
}
