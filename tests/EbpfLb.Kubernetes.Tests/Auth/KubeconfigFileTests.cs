using System.Security.Cryptography.X509Certificates;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Kubernetes.Tests.Auth;

public sealed class KubeconfigFileTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly FakeAuthority authority = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        authority.Dispose();
        directory.Dispose();
    }

    /// <summary>Writes a kubeconfig with one cluster and one user, whose fields are given as YAML flow mappings.</summary>
    private string Write(string cluster, string user = "{token: abc}") => directory.Write("config", $$"""
        apiVersion: v1
        kind: Config
        current-context: admin
        contexts:
        - name: admin
          context: {cluster: main, user: me, namespace: kube-system}
        - name: other
          context: {cluster: missing, user: me}
        clusters:
        - name: main
          cluster: {{cluster}}
        users:
        - name: me
          user: {{user}}
        """);

    private ApiConnection Load(string cluster, string user = "{token: abc}") => KubeconfigFile.Load(Write(cluster, user));

    private string ErrorOf(string cluster, string user = "{token: abc}")
        => Assert.Throws<ConnectionException>(() => Load(cluster, user)).Message;

    private const string Server = "server: \"https://192.0.2.1:6443\"";

    [Fact]
    public async Task The_current_context_gives_server_CA_token_and_namespace()
    {
        var connection = Load($"{{{Server}, certificate-authority-data: {TlsFixture.Base64(authority.Pem)}, tls-server-name: kubernetes}}");

        Assert.Equal([new Uri("https://192.0.2.1:6443")], connection.Servers);
        Assert.Equal("kube-system", connection.Namespace);
        Assert.Equal("kubernetes", connection.Trust.ServerName);
        Assert.Single(connection.Trust.Authority!.ReadCertificates());
        Assert.Equal("abc", (await connection.Credentials.GetAsync(null, Cancel)).Token);
        Assert.Equal($"kubeconfig {Path.Combine(directory.Path, "config")}, context admin", connection.Origin);
    }

    [Fact]
    public async Task Files_are_relative_to_the_kubeconfig()
    {
        directory.Write("ca.crt", authority.Pem);
        directory.Write("token", "from-file\n");

        var connection = Load($"{{{Server}, certificate-authority: ca.crt}}", "{tokenFile: token, token: from-text}");

        Assert.Single(connection.Trust.Authority!.ReadCertificates());
        Assert.Equal("from-file", (await connection.Credentials.GetAsync(null, Cancel)).Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_certificate_comes_from_data_or_files(bool data)
    {
        using var client = authority.IssueClient("me");
        string certificate = client.ExportCertificatePem(), key = client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        directory.Write("client.crt", certificate);
        directory.Write("client.key", key);

        var connection = Load($"{{{Server}}}", data
            ? $"{{client-certificate-data: {TlsFixture.Base64(certificate)}, client-key-data: {TlsFixture.Base64(key)}}}"
            : "{client-certificate: client.crt, client-key: client.key}");

        var shown = (await connection.Credentials.GetAsync(null, Cancel)).Certificate;
        Assert.Equal(("CN=me, O=system:nodes", true), (shown?.Subject, shown?.HasPrivateKey));
        Assert.Same(shown, (await connection.Credentials.GetAsync(null, Cancel)).Certificate);
    }

    [Fact]
    public async Task A_token_and_a_client_certificate_are_both_shown()
    {
        using var client = authority.IssueClient("me");
        directory.Write("client.crt", client.ExportCertificatePem());
        directory.Write("client.key", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

        var shown = await Load($"{{{Server}}}", "{client-certificate: client.crt, client-key: client.key, token: abc}")
            .Credentials.GetAsync(null, Cancel);

        Assert.Equal(("abc", "CN=me, O=system:nodes"), (shown.Token, shown.Certificate?.Subject));
    }

    [Fact]
    public void A_kubeconfig_as_JSON_reads_the_same()
    {
        var path = directory.Write("config.json", """
            {"current-context":"a","contexts":[{"name":"a","context":{"cluster":"c","user":""}}],
             "clusters":[{"name":"c","cluster":{"server":"https://192.0.2.1:6443","insecure-skip-tls-verify":true}}],"users":[]}
            """);

        var connection = KubeconfigFile.Load(path);

        Assert.True(connection.Trust.SkipVerify);
        Assert.Contains("the server's certificate is not checked", Assert.Single(connection.Notes));
    }

    [Fact]
    public void A_proxy_is_noted_as_not_used()
        => Assert.Contains("proxy-url (http://proxy:3128): the API server is reached without a proxy",
            Assert.Single(Load($"{{{Server}, proxy-url: \"http://proxy:3128\"}}").Notes));

    [Fact]
    public void Another_context_may_be_chosen()
    {
        var path = Write($"{{{Server}}}");

        var error = Assert.Throws<ConnectionException>(() => KubeconfigFile.Load(path, "other"));

        Assert.Equal($"{path}: clusters has no 'missing', which {path}: contexts[1].context.cluster names; it has: main", error.Message);
    }

    [Theory]
    [InlineData("{}", "{}", "clusters[0].cluster.server is not set")]
    [InlineData("{server: \"ftp://main\"}", "{}", "clusters[0].cluster.server: 'ftp://main' is not the URL of an API server")]
    [InlineData("{server: \"https://a\", certificate-authority: nowhere.crt}", "{}", "clusters[0].cluster.certificate-authority: ")]
    [InlineData(
        "{server: \"https://a\", certificate-authority-data: \"***\"}", "{}", "clusters[0].cluster.certificate-authority-data: not base64")]
    [InlineData(
        "{server: \"https://a\", certificate-authority-data: aGVsbG8=}", "{}", "certificate-authority-data: holds no PEM certificate")]
    [InlineData(
        "{server: \"https://a\", insecure-skip-tls-verify: maybe}", "{}", "insecure-skip-tls-verify is 'maybe'; it must be true or false")]
    [InlineData("{server: [a]}", "{}", "clusters[0].cluster.server (line 11) must be text")]
    [InlineData("{server: \"https://exa mple:6443\"}", "{}", "clusters[0].cluster.server: 'https://exa mple:6443' is not the URL")]
    [InlineData("{server: \"https://u:p@a\"}", "{}", "clusters[0].cluster.server: a user and password in the URL are not used")]
    [InlineData("{server: \"https://a\\nb\"}", "{}", "clusters[0].cluster.server: 'https://a?b' is not the URL")]
    [InlineData("{server: \"https://a\\0b\"}", "{}", "clusters[0].cluster.server holds a NUL character")]
    [InlineData("{server: \"https://a\", tls-server-name: kubernetes default}", "{}",
        "clusters[0].cluster.tls-server-name: 'kubernetes default' is neither a host name nor an address")]
    [InlineData("{server: \"https://a\", tls-server-name: \"a\\r\\nX-Other: b\"}", "{}",
        "clusters[0].cluster.tls-server-name: 'a??X-Other: b' is neither")]
    [InlineData("{server: \"https://a\", tls-server-name: \"[::1]\"}", "{}", "clusters[0].cluster.tls-server-name: '[::1]' is neither")]
    [InlineData("{server: \"https://a\", tls-server-name: \"a:6443\"}", "{}", "clusters[0].cluster.tls-server-name: 'a:6443' is neither")]
    [InlineData("{server: \"https://a\", certificate-authority: \"ca\\0.crt\"}", "{}",
        "clusters[0].cluster.certificate-authority holds a NUL character")]
    [InlineData("{server: \"https://a\", certificate-authority: /dev/zero}", "{}",
        "clusters[0].cluster.certificate-authority: /dev/zero has more than 4194304 characters")]
    [InlineData("{server: \"https://a\", certificate-authority: /}", "{}", "clusters[0].cluster.certificate-authority: / ")]
    [InlineData("{server: \"https://a\", certificate-authority-data: "
            + "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=}",
        "{}", "certificate-authority-data: not a PEM certificate")]
    [InlineData(
        "{server: \"https://a\"}", "{token: \"abc\\ndef\"}", "users[0].user.token: character 4 (U+000A) cannot be sent in an HTTP header")]
    [InlineData("{server: \"https://a\"}", "{token: \"abc\\x7f\"}", "users[0].user.token: character 4 (U+007F) cannot be sent")]
    [InlineData("{server: \"https://a\"}", "{token: abcé}", "users[0].user.token: character 4 (U+00E9) cannot be sent")]
    [InlineData("{server: \"https://a\"}", "{token: \"abc\\0\"}", "users[0].user.token holds a NUL character")]
    [InlineData("{server: \"https://a\"}", "{token: \" \\n\"}", "users[0].user.token is empty")]
    [InlineData("{server: \"https://a\"}", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \"x\\0\"}}",
        "users[0].user.exec.command holds a NUL character")]
    [InlineData("{server: \"https://a\"}", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, args: [\"\\0\"]}}",
        "users[0].user.exec.args[0] holds a NUL character")]
    [InlineData(
        "{server: \"https://a\"}", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, env: [{name: A=B, value: c}]}}",
        "users[0].user.exec.env[0].name is 'A=B'; the name of a variable has no '='")]
    [InlineData("{server: \"https://a\"}", "{client-certificate: a}", "users[0].user.client-certificate is set and client-key is not")]
    [InlineData("{server: \"https://a\"}", "{client-key: a}", "users[0].user.client-key is set and client-certificate is not")]
    [InlineData("{server: \"https://a\"}", "{client-certificate-data: aGVsbG8=, client-key-data: aGVsbG8=}",
        "are no client certificate with its key")]
    [InlineData("{server: \"https://a\"}", "{username: a, password: b}", "users[0].user.username is not supported")]
    [InlineData("{server: \"https://a\"}", "{auth-provider: {name: gcp}}", "users[0].user.auth-provider is not supported")]
    [InlineData("{server: \"https://a\"}", "{exec: {command: x}}", "users[0].user.exec.apiVersion is ''")]
    [InlineData(
        "{server: \"https://a\"}", "{exec: {apiVersion: client.authentication.k8s.io/v1}}", "users[0].user.exec.command is not set")]
    [InlineData("{server: \"https://a\"}", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}}",
        "interactiveMode is Always")]
    public void What_cannot_be_used_is_named_with_file_and_field(string cluster, string user, string expected)
    {
        var message = ErrorOf(cluster, user);

        Assert.Contains(expected, message);
        Assert.Contains(Path.Combine(directory.Path, "config"), message);
    }

    [Fact]
    public void Values_of_any_length_are_refused_in_a_short_message()
    {
        foreach (var text in new[] { new string('a', 70_000), "https://" + new string('a', 300), "https://a/" + new string('b', 5000) })
            Assert.InRange(ErrorOf($"{{server: \"{text}\"}}").Length, 10, 600);
        Assert.InRange(ErrorOf($"{{{Server}, tls-server-name: {new string('a', 300)}}}").Length, 10, 600);
        Assert.Contains("users[0].user.token has 70000 characters", ErrorOf($"{{{Server}}}", $"{{token: {new string('a', 70_000)}}}"));
    }

    [Fact]
    public void Nesting_that_would_overflow_the_stack_is_refused()
        => Assert.Contains("nested deeper than 60 levels", Assert.Throws<ConnectionException>(
            () => KubeconfigFile.Load(directory.Write("config", $"a: {new string('[', 100_000)}"))).Message);

    /// <summary>As a block scalar leaves it.</summary>
    [Fact]
    public async Task White_space_around_a_token_is_none_of_it()
        => Assert.Equal("abc.def", (await Load($"{{{Server}}}", "{token: \" abc.def\\n\"}").Credentials.GetAsync(null, Cancel)).Token);

    [Theory]
    [InlineData("10.0.0.1:6443", "https://10.0.0.1:6443")]
    [InlineData("api.example:6443", "https://api.example:6443")]
    [InlineData("localhost", "https://localhost")]
    [InlineData("[fd00::1]:6443", "https://[fd00::1]:6443")]
    [InlineData("fd00::1", "https://[fd00::1]")]
    [InlineData("rancher.example/k8s/clusters/c-1", "https://rancher.example/k8s/clusters/c-1")]
    [InlineData("HTTP://127.0.0.1:8080/", "http://127.0.0.1:8080")]
    [InlineData("https://[fe80::1%25lo]:6443", "https://[fe80::1]:6443")]
    public void A_server_without_a_scheme_is_reached_by_TLS(string server, string url)
        => Assert.Equal(new Uri(url), Assert.Single(Load($"{{server: \"{server}\"}}").Servers));

    [Fact]
    public void The_password_of_a_proxy_is_not_told()
    {
        var note = Assert.Single(Load($"{{{Server}, proxy-url: \"http://me:secret@proxy:3128\"}}").Notes);
        Assert.Contains("proxy-url (...@proxy:3128)", note);
        Assert.DoesNotContain("secret", note);
    }

    [Theory]
    [InlineData("a: [", "line 2: not valid YAML")]
    [InlineData("{current-context: x, contexts: [], current-context: y}", "current-context is there twice (again in line 1)")]
    [InlineData("- a", "must be a mapping")]
    [InlineData("", "must be a mapping")]
    [InlineData("contexts: []", "current-context is not set")]
    [InlineData("{current-context: x, contexts: []}", "contexts has no 'x'")]
    public void What_is_no_kubeconfig_is_named(string text, string expected)
        => Assert.Contains(
            expected, Assert.Throws<ConnectionException>(() => KubeconfigFile.Load(directory.Write("config", text))).Message);

    [Fact]
    public void A_file_that_is_missing_is_named()
        => Assert.Contains("--kubeconfig: /nowhere/config does not exist",
            Assert.Throws<ConnectionException>(() => KubeconfigFile.Load("/nowhere/config")).Message);

    [Fact]
    public async Task A_kubeconfig_leads_to_a_real_server()
    {
        using var certificate = authority.IssueServer(TimeSpan.FromHours(1), "127.0.0.1");
        using var client = authority.IssueClient("admin");
        await using var server = await FakeApiServer.StartAsync(
            new FakeApiServerOptions { Certificate = certificate, ClientAuthority = authority });
        server.Faults.AcceptTokens();
        using var api = Api.ApiFixture.Client(Load(
            $"{{server: \"{server.Url}\", certificate-authority-data: {TlsFixture.Base64(authority.Pem)}}}",
            $"{{client-certificate-data: {TlsFixture.Base64(client.ExportCertificatePem())}, "
            + $"client-key-data: {TlsFixture.Base64(client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}}}"));

        await api.ListAsync(ApiResources.Nodes, ApiSelector.All, null, Cancel);

        Assert.Equal(("admin", "HTTP/2"), (server.Requests[0].User, server.Requests[0].Protocol));
    }
}
