using System.Security.Cryptography.X509Certificates;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.ApiServer;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Auth;

public sealed class TlsTests : IDisposable
{
    private readonly FakeAuthority authority = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => authority.Dispose();

    private static Task<FakeApiServer> Server(X509Certificate2 certificate, FakeAuthority? clients = null)
        => FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificate, ClientAuthority = clients });

    private static async Task<ApiException> ListFailure(ApiConnection connection)
    {
        using var api = Client(connection);
        return await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));
    }

    private static async Task List(ApiConnection connection)
    {
        using var api = Client(connection);
        await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);
    }

    [Fact]
    public async Task A_server_of_the_clusters_CA_is_believed()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        await using var server = await Server(certificate);

        await List(TlsFixture.Trusting(server.Url, authority));

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_server_of_another_CA_is_refused_and_the_setting_named()
    {
        using var other = new FakeAuthority("other-ca");
        using var certificate = other.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        await using var server = await Server(certificate);

        var failure = await ListFailure(TlsFixture.Trusting(server.Url, authority));

        Assert.Equal(ApiFailure.Tls, failure.Failure);
        Assert.Contains("issued by \"CN=other-ca\", which kubeconfig: certificate-authority-data does not vouch for", failure.Message);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Without_a_CA_those_of_the_machine_count()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        await using var server = await Server(certificate);

        var failure = await ListFailure(new ApiConnection([server.Url], "test"));

        Assert.Equal(ApiFailure.Tls, failure.Failure);
        Assert.Contains("set certificate-authority in the kubeconfig", failure.Message);
    }

    [Fact]
    public async Task An_expired_certificate_is_named_with_its_dates()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(-1), "127.0.0.1");
        await using var server = await Server(certificate);

        var failure = await ListFailure(TlsFixture.Trusting(server.Url, authority));

        Assert.Equal(ApiFailure.Tls, failure.Failure);
        Assert.Contains($"{certificate.NotAfter.ToUniversalTime():u}", failure.Message);
        Assert.Contains("renew it, or set this machine's clock", failure.Message);
    }

    [Fact]
    public async Task A_certificate_for_other_names_is_refused_and_its_names_are_told()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "kubernetes.default.svc", "10.96.0.1");
        await using var server = await Server(certificate);

        var failure = await ListFailure(TlsFixture.Trusting(server.Url, authority));

        Assert.Equal(ApiFailure.Tls, failure.Failure);
        Assert.Contains(
            "is for kubernetes.default.svc, 10.96.0.1; use one of these as the server's name, or set tls-server-name", failure.Message);
    }

    [Fact]
    public async Task Tls_server_name_is_asked_for_and_checked()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "kubernetes.default.svc");
        await using var server = await Server(certificate);

        await List(TlsFixture.Trusting(server.Url, authority, "kubernetes.default.svc"));

        Assert.Equal("kubernetes.default.svc", Assert.Single(server.Requests).ServerName);
    }

    [Fact]
    public async Task Insecure_skip_tls_verify_believes_anything()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(-1), "elsewhere");
        await using var server = await Server(certificate);

        await List(new ApiConnection([server.Url], "test") { Trust = new ServerTrust(SkipVerify: true) });

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_port_without_TLS_is_explained()
    {
        await using var server = await FakeApiServer.StartAsync();
        var https = new UriBuilder(server.Url) { Scheme = "https" }.Uri;

        var failure = await ListFailure(TlsFixture.Trusting(https, authority));

        Assert.Equal(ApiFailure.Tls, failure.Failure);
        Assert.Contains("is the port an API server's", failure.Message);
    }

    [Fact]
    public async Task A_client_certificate_is_shown()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        using var client = authority.IssueClient("system:node:node-1");
        await using var server = await Server(certificate, authority);
        server.Faults.AcceptTokens();

        await List(TlsFixture.Trusting(server.Url, authority) with
        {
            Credentials = new ClientCertificate(
                TlsFixture.Pem("client-certificate-data", client.ExportCertificatePem()),
                TlsFixture.Pem("client-key-data", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())),
        });

        Assert.Equal("system:node:node-1", Assert.Single(server.Requests).User);
    }

    [Fact]
    public async Task A_CA_file_that_was_replaced_counts_at_the_next_handshake()
    {
        using var directory = new TempDirectory();
        using var other = new FakeAuthority("old-ca");
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        await using var server = await Server(certificate);
        var path = directory.Write("ca.crt", other.Pem);
        using var api = Client(new ApiConnection([server.Url], "test") { Trust = new ServerTrust(new PemSource("ca.crt", null, path)) });
        await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        directory.Write("ca.crt", authority.Pem);
        await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

        Assert.Single(server.Requests);
    }
}
