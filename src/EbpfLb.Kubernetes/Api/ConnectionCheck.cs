using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Api;

/// <summary>One look at each API server of a connection, with its credentials: nothing is kept and nothing is written.</summary>
public static class ConnectionCheck
{
    private static readonly ApiTimeouts Timeouts = new() { Connect = TimeSpan.FromSeconds(5), Answer = TimeSpan.FromSeconds(5) };

    /// <summary>What the agent cannot do without. Credentials of a node may read its own Node only.</summary>
    private static (ApiCall Call, string Kind)[] Needed(string? nodeName) =>
    [
        (new("list", "", "services", "/api/v1/services?limit=1"), "ServiceList"),
        (new("list", "discovery.k8s.io", "endpointslices", "/apis/discovery.k8s.io/v1/endpointslices?limit=1"), "EndpointSliceList"),
        (new("list", "", "nodes",
            "/api/v1/nodes?limit=1" + (nodeName is null ? "" : $"&fieldSelector=metadata.name%3D{Uri.EscapeDataString(nodeName)}")),
            "NodeList"),
    ];

    /// <summary>Asks every server.</summary>
    /// <param name="nodeName">The agent reads this Node alone; null: all.</param>
    public static async Task<IReadOnlyList<ServerAnswer>> AskAsync(
        ApiConnection connection, string? nodeName, TimeProvider time, CancellationToken cancellationToken)
    {
        List<ServerAnswer> answers = [];
        foreach (var server in connection.Servers) answers.Add(await AskAsync(connection, server, nodeName, time, cancellationToken));
        return answers;
    }

    /// <summary>The certificates of the connection itself: the client's, and the CAs that servers are checked by.</summary>
    /// <exception cref="ConnectionException">They cannot be read.</exception>
    public static async Task<IReadOnlyList<CertificateEnd>> CertificatesAsync(
        ApiConnection connection, CancellationToken cancellationToken)
    {
        List<CertificateEnd> found = [];
        if ((await connection.Credentials.GetAsync(null, cancellationToken)).Certificate is { } own)
            found.Add(CertificateEnd.Of($"the client certificate ({connection.Credentials.Description})", own));
        foreach (var authority in connection.Trust.Authority?.ReadCertificates() ?? [])
            found.Add(CertificateEnd.Of($"the CA of {connection.Trust.Authority!.Where}", authority));
        return found;
    }

    private static async Task<ServerAnswer> AskAsync(
        ApiConnection connection, Uri server, string? nodeName, TimeProvider time, CancellationToken cancellationToken)
    {
        var certificate = server.Scheme == Uri.UriSchemeHttps ? await CertificateAsync(server, connection, cancellationToken) : null;
        var wire = new WireCatalog(static _ => { });
        using var sender = new ApiSender(
            connection with { Servers = [server] }, wire.Json, Timeouts, time, null, new RequestCounts(), static _ => { });
        List<string> problems = [];
        foreach (var (call, kind) in Needed(nodeName))
        {
            try
            {
                using var answer = await sender.SendAsync(call, cancellationToken);
                await ListCheck.ReadAsync(answer, kind);
            }
            catch (ApiException e)
            {
                problems.Add(e.Message);
                // Only a refusal is about one resource.
                if (e.Failure != ApiFailure.Forbidden) break;
            }
        }
        return new ServerAnswer(ApiExplainer.Show(server), certificate, problems);
    }

    /// <summary>Believed or not: a certificate that has expired is shown too. null: no handshake.</summary>
    private static async Task<CertificateEnd?> CertificateAsync(Uri server, ApiConnection connection, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeouts.Connect);
        CertificateEnd? seen = null;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server.IdnHost, server.Port, limit.Token);
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = connection.Trust.ServerName ?? server.IdnHost,
                RemoteCertificateValidationCallback = (_, remote, _, _) =>
                {
                    if (remote is X509Certificate2 shown) seen = CertificateEnd.Of($"the certificate of {ApiExplainer.Show(server)}",
                        shown);
                    // Nothing is sent over it.
                    return false;
                },
            }, limit.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The request that follows says why.
        }
        return seen;
    }
}

/// <summary>What a server said.</summary>
/// <param name="Certificate">null: it has none, or there was no connection.</param>
/// <param name="Problems">Each with what to do; empty: all that the agent needs was answered.</param>
public sealed record ServerAnswer(string Server, CertificateEnd? Certificate, IReadOnlyList<string> Problems);

/// <summary>How long a certificate is valid, UTC.</summary>
/// <param name="What">For people: "the certificate of https://10.0.0.1:6443".</param>
public sealed record CertificateEnd(string What, DateTime NotBefore, DateTime NotAfter)
{
    internal static CertificateEnd Of(string what, X509Certificate2 certificate)
        => new(what, certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
}
