using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.ApiServer;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Auth;

/// <summary>certificate-authority is a set of trust anchors, as Go and so kubectl and kube-proxy take it; real handshakes.</summary>
public sealed class TrustAnchorTests : IDisposable
{
    private readonly FakeAuthority root = new("root");
    private readonly FakeAuthority intermediate;

    public TrustAnchorTests() => intermediate = new FakeAuthority("inter", root);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        intermediate.Dispose();
        root.Dispose();
    }

    /// <summary>What a client that trusts <paramref name="pem"/> makes of a server with this certificate; null: it is believed.</summary>
    private static async Task<ApiException?> Judge(X509Certificate2 certificate, string? pem, params X509Certificate2[] chain)
    {
        await using var server = await FakeApiServer.StartAsync(
            new FakeApiServerOptions { Certificate = certificate, CertificateChain = [.. chain] });
        using var api = Client(pem is null ? new ApiConnection([server.Url], "test") : TlsFixture.TrustingPem(server.Url, pem));
        try
        {
            await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);
            return null;
        }
        catch (ApiException e)
        {
            Assert.Empty(server.Requests);
            return e;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_intermediate_CA_alone_is_an_anchor(bool sendsIt)
    {
        using var certificate = intermediate.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");

        Assert.Null(await Judge(certificate, intermediate.Pem, sendsIt ? [intermediate.Certificate] : []));
    }

    [Fact]
    public async Task A_root_is_an_anchor_when_the_server_sends_what_is_between()
    {
        using var certificate = intermediate.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");

        Assert.Null(await Judge(certificate, root.Pem, intermediate.Certificate));
        Assert.Null(await Judge(certificate, root.Pem + "\n" + intermediate.Pem));
        Assert.Equal(ApiFailure.Tls, (await Judge(certificate, root.Pem))?.Failure);
    }

    [Fact]
    public async Task An_intermediate_of_the_same_name_and_another_key_is_no_anchor()
    {
        using var forger = new FakeAuthority("inter");
        using var below = new FakeAuthority("inter", forger);
        using var forged = below.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");

        Assert.Equal(ApiFailure.Tls, (await Judge(forged, intermediate.Pem))?.Failure);
        Assert.Equal(ApiFailure.Tls, (await Judge(forged, intermediate.Pem, below.Certificate))?.Failure);
        Assert.Equal(
            ApiFailure.Tls, (await Judge(forged, intermediate.Pem + "\n" + root.Pem, below.Certificate, forger.Certificate))?.Failure);
    }

    [Fact]
    public async Task A_server_certificate_is_no_CA()
    {
        using var own = root.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        using var other = root.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");

        Assert.Null(await Judge(own, own.ExportCertificatePem()));
        Assert.Equal(ApiFailure.Tls, (await Judge(own, other.ExportCertificatePem()))?.Failure);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_CAs_with_one_name_both_are_anchors(bool newFirst)
    {
        using var before = new FakeAuthority("kubernetes");
        using var after = new FakeAuthority("kubernetes");
        using var old = before.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        using var renewed = after.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        var bundle = newFirst ? after.Pem + "\n" + before.Pem : before.Pem + "\n" + after.Pem;

        Assert.Null(await Judge(old, bundle));
        Assert.Null(await Judge(renewed, bundle));
    }

    [Fact]
    public async Task A_certificate_of_the_clusters_CA_for_clients_is_no_servers()
    {
        using var stolen = root.IssueFor(FakeAuthority.ClientUsage, TimeSpan.FromHours(1), null, "127.0.0.1");

        var failure = await Judge(stolen, root.Pem);

        Assert.Equal(ApiFailure.Tls, failure?.Failure);
        Assert.Contains("\"CN=kube-apiserver\" in the certificate chain of 127.0.0.1 is not for TLS servers", failure?.Message);
    }

    [Fact]
    public async Task A_CA_for_clients_issues_no_servers()
    {
        using var clients = new FakeAuthority("clients", root, FakeAuthority.ClientUsage);
        using var certificate = clients.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");

        var failure = await Judge(certificate, root.Pem, clients.Certificate);

        Assert.Contains("\"CN=clients\" in the certificate chain of 127.0.0.1 is not for TLS servers", failure?.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2.5.29.37.0")]
    public async Task A_certificate_for_any_use_is_a_servers(string usage)
    {
        using var certificate = root.IssueFor(usage, TimeSpan.FromHours(1), null, "127.0.0.1");

        Assert.Null(await Judge(certificate, root.Pem));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_certificate_is_fetched_during_a_handshake(bool ownAuthority)
    {
        using var bait = new TcpListener(IPAddress.Loopback, 0);
        bait.Start();
        var names = new X509AuthorityInformationAccessExtension(
            [$"http://{bait.LocalEndpoint}/ocsp"], [$"http://{bait.LocalEndpoint}/inter.crt"]);
        using var certificate = intermediate.IssueFor(FakeAuthority.ServerUsage, TimeSpan.FromHours(1), names, "127.0.0.1");

        Assert.Equal(ApiFailure.Tls, (await Judge(certificate, ownAuthority ? root.Pem : null))?.Failure);

        Assert.False(bait.Pending());
    }

    [Fact]
    public async Task A_server_of_the_clusters_CA_with_another_name_is_refused()
    {
        using var certificate = intermediate.IssueServer(TimeSpan.FromHours(1), "etcd.kube-system", "10.0.0.9");

        Assert.Contains("is for etcd.kube-system, 10.0.0.9", (await Judge(certificate, intermediate.Pem))?.Message);
        Assert.Contains("is for etcd.kube-system, 10.0.0.9", (await Judge(certificate, root.Pem, intermediate.Certificate))?.Message);
    }
}
