using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Kubernetes.Tests.Auth;

public sealed class InClusterConfigTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly FakeAuthority authority = new();
    private readonly Dictionary<string, string> environment = new()
    {
        ["KUBERNETES_SERVICE_HOST"] = "10.96.0.1",
        ["KUBERNETES_SERVICE_PORT"] = "443",
    };

    public InClusterConfigTests()
    {
        directory.Write("token", "abc");
        directory.Write("ca.crt", authority.Pem);
        directory.Write("namespace", "kube-system\n");
    }

    public void Dispose()
    {
        authority.Dispose();
        directory.Dispose();
    }

    private ApiConnection Load(params string[] servers)
        => InClusterConfig.Load(n => environment.GetValueOrDefault(n), servers, directory.Path);

    [Fact]
    public async Task A_service_account_gives_address_token_and_namespace()
    {
        var connection = Load();

        Assert.Equal([new Uri("https://10.96.0.1:443")], connection.Servers);
        Assert.Equal("kube-system", connection.Namespace);
        Assert.Equal("abc", (await connection.Credentials.GetAsync(null, TestContext.Current.CancellationToken)).Token);
    }

    [Fact]
    public void An_IPv6_address_is_put_in_brackets()
    {
        environment["KUBERNETES_SERVICE_HOST"] = "fd00::1";
        Assert.Equal("https://[fd00::1]/", Load().Servers[0].AbsoluteUri);
    }

    [Fact]
    public void Servers_of_the_command_line_replace_the_environment()
    {
        environment.Clear();
        Assert.Equal([new Uri("https://192.0.2.1:6443"), new Uri("https://192.0.2.2:6443")],
            Load("https://192.0.2.1:6443", "https://192.0.2.2:6443").Servers);
    }

    [Theory]
    [InlineData("token", "automountServiceAccountToken")]
    [InlineData("ca.crt", "automountServiceAccountToken")]
    public void A_missing_file_is_named(string name, string advice)
    {
        File.Delete(Path.Combine(directory.Path, name));

        var error = Assert.Throws<ConnectionException>(() => Load());

        Assert.Contains(Path.Combine(directory.Path, name), error.Message);
        Assert.Contains(advice, error.Message);
    }

    [Fact]
    public void A_missing_address_names_the_variables_and_the_option()
    {
        environment.Remove("KUBERNETES_SERVICE_PORT");

        var error = Assert.Throws<ConnectionException>(() => Load());

        Assert.Contains("KUBERNETES_SERVICE_PORT", error.Message);
        Assert.Contains("--api-server", error.Message);
    }

    [Fact]
    public void A_CA_that_is_no_certificate_is_named()
    {
        directory.Write("ca.crt", "not a certificate");
        Assert.Contains("ca.crt: holds no PEM certificate", Assert.Throws<ConnectionException>(() => Load()).Message);
    }

    [Fact]
    public void An_address_of_the_command_line_must_be_a_url()
        => Assert.Contains(
            "--api-server: 'ftp://192.0.2.1' is not the URL", Assert.Throws<ConnectionException>(() => Load("ftp://192.0.2.1")).Message);

    [Fact]
    public void A_pod_is_recognised_by_its_environment()
    {
        Assert.True(InClusterConfig.IsAvailable(n => environment.GetValueOrDefault(n), directory.Path));
        environment.Clear();
        Assert.False(InClusterConfig.IsAvailable(n => environment.GetValueOrDefault(n), directory.Path));
    }

    [Fact]
    public async Task An_unreachable_cluster_ip_hints_at_the_option()
    {
        var away = await FakeApiServer.StartAsync();
        await away.StopAsync();
        environment["KUBERNETES_SERVICE_HOST"] = "127.0.0.1";
        environment["KUBERNETES_SERVICE_PORT"] = $"{away.Url.Port}";
        using var api = Api.ApiFixture.Client(Load());

        var failure = await Api.ApiFixture.FailureOf(() => api.ListAsync(
            Kubernetes.Api.ApiResources.Services, Kubernetes.Api.ApiSelector.All, null, TestContext.Current.CancellationToken));

        Assert.EndsWith("give the server's own address with --api-server", failure.Message);
    }
}
