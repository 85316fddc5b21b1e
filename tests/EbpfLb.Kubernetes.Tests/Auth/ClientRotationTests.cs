using System.Security.Cryptography.X509Certificates;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Auth;

/// <summary>Client certificates that are rotated, as kubelet's are, and that come with the certificates of their issuers.</summary>
public sealed class ClientRotationTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly FakeAuthority authority = new();
    private readonly FakeAuthority intermediate;
    private X509Certificate2 certificate = null!;
    private FakeApiServer server = null!;

    public ClientRotationTests() => intermediate = new FakeAuthority("inter", authority);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificate, ClientAuthority = authority });
        server.Faults.AcceptTokens();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        certificate.Dispose();
        intermediate.Dispose();
        authority.Dispose();
        directory.Dispose();
    }

    private static string KeyOf(X509Certificate2 client) => client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    /// <summary>One file with certificate and key, as kubelet writes it.</summary>
    private void Write(string user)
    {
        using var client = authority.IssueClient(user);
        directory.Write("client.pem", client.ExportCertificatePem() + "\n" + KeyOf(client) + "\n");
    }

    private KubernetesApi Api(ApiCredentials credentials, List<string>? reports = null) => new(
        TlsFixture.Trusting(server.Url, authority) with { Credentials = credentials },
        new(_ => { }), new ApiTimeouts(), TimeProvider.System, new Random(1), report: reports is null ? null : reports.Add);

    private KubernetesApi FileApi(List<string>? reports = null)
    {
        var file = new PemSource("client-certificate", null, Path.Combine(directory.Path, "client.pem"));
        return Api(new ClientCertificate(file, file with { Where = "client-key" }), reports);
    }

    private static Task<ObjectList<Service>> List(KubernetesApi api) => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

    [Fact]
    public async Task A_rotated_certificate_is_shown_by_the_next_request_while_open_watches_go_on()
    {
        Write("old");
        using var api = FileApi();
        await List(api);
        await using var watch = await api.WatchAsync(ApiResources.Services, ApiSelector.All, server.ResourceVersion, Cancel);

        Write("new");
        server.Faults.AcceptUsers("new");
        await List(api);

        // The server has never seen a refused request: the old connection is not asked any more.
        Assert.Equal(["old", "old", "new"], server.Requests.Select(r => r.User));
        Assert.Equal(server.Requests[0].Connection, server.Requests[1].Connection);
        Assert.NotEqual(server.Requests[0].Connection, server.Requests[2].Connection);
        server.Apply(ServiceJson("web"));
        Assert.Equal(Name("web"), (await watch.ReadAsync(Cancel))?.Name);
    }

    [Fact]
    public async Task A_refusal_makes_new_connections_one_for_all_that_were_refused()
    {
        Write("node");
        using var api = FileApi();
        await List(api);
        var before = server.Requests[0].Connection;

        // A server whose client CAs are being changed: it refuses all that have arrived, and nobody after them.
        server.Faults.AcceptUsers("nobody");
        server.Faults.Hold();
        var lists = Enumerable.Range(0, 4).Select(_ => List(api)).ToArray();
        Eventually.True(() => server.Requests.Count == 5, "four requests");
        server.Faults.AcceptUsers("node");
        server.Faults.Release();
        await Task.WhenAll(lists);

        var connections = server.Requests.Select(r => r.Connection).ToList();
        Assert.Equal(9, connections.Count);
        Assert.Equal(5, connections.Count(c => c == before));
        Assert.Equal(2, connections.Distinct().Count());
    }

    [Fact]
    public async Task Half_a_rotation_is_reported_and_the_last_certificate_stays_until_it_is_refused()
    {
        Write("old");
        var reports = new List<string>();
        using var api = FileApi(reports);
        await List(api);

        using var other = authority.IssueClient("new");
        directory.Write("client.pem", other.ExportCertificatePem());
        await List(api);
        await List(api);
        Assert.Contains("client-certificate and client-key are no client certificate with its key", Assert.Single(reports));

        server.Faults.AcceptUsers("new");
        var failure = await FailureOf(() => List(api));
        Assert.Equal(ApiFailure.Credentials, failure.Failure);
        directory.Write("client.pem", other.ExportCertificatePem() + "\n" + KeyOf(other));
        await List(api);
        Assert.Equal("new", server.Requests[^1].User);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("data")]
    [InlineData("exec")]
    public async Task The_certificates_between_the_clients_and_a_CA_of_the_server_are_sent(string from)
    {
        using var client = intermediate.IssueClient("deep");
        string chain = client.ExportCertificatePem() + "\n" + intermediate.Pem + "\n", key = KeyOf(client);
        using var api = Api(from switch
        {
            "file" => new ClientCertificate(
                new PemSource("client-certificate", null, directory.Write("chain.pem", chain)),
                new PemSource("client-key", null, directory.Write("key.pem", key))),
            "data" => new ClientCertificate(TlsFixture.Pem("client-certificate-data", chain), TlsFixture.Pem("client-key-data", key)),
            _ => new ExecPlugin(Plugin(chain, key), TimeProvider.System),
        });

        await List(api);

        Assert.Equal("deep", Assert.Single(server.Requests).User);
    }

    [Fact]
    public async Task Without_them_the_server_does_not_know_the_client()
    {
        using var client = intermediate.IssueClient("deep");
        using var api = Api(new ClientCertificate(
            TlsFixture.Pem("client-certificate-data", client.ExportCertificatePem()), TlsFixture.Pem("client-key-data", KeyOf(client))));

        await FailureOf(() => List(api));
    }

    [Fact]
    public async Task Another_certificate_of_a_plugin_makes_new_connections()
    {
        using var api = Api(new ExecPlugin(Plugin("", ""), TimeProvider.System));
        using (var first = authority.IssueClient("first")) WriteAnswer(first.ExportCertificatePem(), KeyOf(first));
        await List(api);

        using (var second = authority.IssueClient("second")) WriteAnswer(second.ExportCertificatePem(), KeyOf(second));
        server.Faults.AcceptUsers("second");
        await List(api);

        Assert.Equal(["first", "first", "second"], server.Requests.Select(r => r.User));
    }

    private ExecSpec Plugin(string chain, string key)
    {
        WriteAnswer(chain, key);
        return new ExecSpec("kubeconfig: exec.command", "client.authentication.k8s.io/v1", "/bin/cat",
            [Path.Combine(directory.Path, "answer")], [], null, null);
    }

    private void WriteAnswer(string chain, string key) => directory.Write("answer", $$"""
        {"apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"{{chain.Replace("\n", "\\n")}}","clientKeyData":"{{key.Replace("\n", "\\n")}}"} }
        """);
}
