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

    private static Task<IReadOnlyList<ServerAnswer>> AskAsync(ApiConnection connection)
        => ConnectionCheck.AskAsync(connection, "node-1", TimeProvider.System, Cancel);
}
