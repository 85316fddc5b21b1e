using System.Net;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;

namespace EbpfLb.Kubernetes.Tests.Api;

/// <summary>Which connections a request uses, and when old ones are closed.</summary>
public sealed class ClientConnectionsTests : IDisposable
{
    private readonly List<ApiClient> made = [];
    private readonly ClientConnections connections;

    public ClientConnectionsTests() => connections = new ClientConnections(_ =>
    {
        made.Add(NewClient());
        return made[^1];
    });

    public void Dispose() => connections.Dispose();

    [Fact]
    public void Requests_with_one_credential_share_connections()
    {
        using var first = connections.Take(new ApiCredential("a"));
        using var second = connections.Take(new ApiCredential("b"));

        Assert.Same(first.Client, second.Client);
        Assert.Single(made);
    }

    [Fact]
    public void Old_connections_are_closed_when_the_last_answer_has_been_read()
    {
        var watch = connections.Take(ApiCredential.None);
        var list = connections.Take(ApiCredential.None);
        connections.Renew(list);
        list.Dispose();
        list.Dispose();
        Assert.False(IsDisposed(made[0]));

        using var next = connections.Take(ApiCredential.None);
        Assert.NotSame(watch.Client, next.Client);
        watch.Dispose();

        Assert.True(IsDisposed(made[0]));
        Assert.False(IsDisposed(made[1]));
    }

    [Fact]
    public void Only_the_first_refusal_of_some_connections_renews_them()
    {
        var first = connections.Take(ApiCredential.None);
        var second = connections.Take(ApiCredential.None);
        connections.Renew(first);
        using var next = connections.Take(ApiCredential.None);
        connections.Renew(second);
        using var last = connections.Take(ApiCredential.None);

        Assert.Same(next.Client, last.Client);
    }

    [Fact]
    public void A_certificate_that_cannot_be_used_costs_one_request()
    {
        var fails = true;
        using var some = new ClientConnections(_ => fails ? throw new ConnectionException("no") : NewClient());
        Assert.Throws<ConnectionException>(() => some.Take(ApiCredential.None));
        fails = false;
        some.Take(ApiCredential.None).Dispose();
    }

    private static ApiClient NewClient() => new(new Uri("http://192.0.2.1"), _ => { }, HttpVersion.Version20);

    private static bool IsDisposed(ApiClient client) => client.HttpClient is null;
}
