using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.ApiServer;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Auth;

/// <summary>
/// Whatever stands in a field of a kubeconfig or in what a plugin prints, it is refused with the field's name or the request fails with
/// an explanation: no exception of a library comes through.
/// </summary>
public sealed class KubeconfigTextTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private FakeApiServer server = null!;

    private static readonly string[] Nasty =
    [
        "", " ", "\n", "a\nb", "a\r\nb", "\0", "\u007f", "é", "\u200b", "\ud83d\ude00", "{", "\"", "'", "%", "%zz", "::", "[", "]", "/",
        "//", "\\", "..", ":0", ":99999",
        "https://", "https://[", "https://[::1", "https://a b", "https://é.example", "https://-", "https://a..b", "https://a:b",
        "https://a:65536", "https://256.1.1.1",
        "http://127.0.0.1:1/%", "http://127.0.0.1:1/?a#b", "file:///etc/passwd", "unix:/run/x", "-----BEGIN CERTIFICATE-----",
        "LS0tLS1CRUdJTg==", "=", "====", "/dev/null", "/proc/self/mem",
        "*", "a*", "2147483648", "-1", "1e999", "true", "~", "!!binary x", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z",
        "2026-13-01",
    ];

    private static readonly string[] Fields =
    [
        "cluster.server", "cluster.tls-server-name", "cluster.certificate-authority", "cluster.certificate-authority-data",
        "cluster.proxy-url", "cluster.insecure-skip-tls-verify",
        "user.token", "user.tokenFile", "user.client-certificate", "user.client-certificate-data", "user.client-key",
        "user.client-key-data", "user.as", "user.username",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await FakeApiServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        directory.Dispose();
    }

    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private string Kubeconfig(string field, string value)
    {
        string Of(string map, string rest) => field.StartsWith(map + ".", StringComparison.Ordinal)
            ? $"{Quoted(field[(map.Length + 1)..])}: "
                + $"{Quoted(value)}{(rest.StartsWith(Quoted(field[(map.Length + 1)..]), StringComparison.Ordinal) ? "" : ", " + rest)}"
            : rest;
        return $$"""
            {"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"} }],
             "clusters": [{"name": "c", "cluster": { {{Of("cluster", $"\"server\": \"{server.Url}\"")}} } }],
             "users": [{"name": "u", "user": { {{Of("user", "\"token\": \"abc\"")}} } }]}
            """;
    }

    private static async Task AskAsync(ApiConnection connection)
    {
        using var api = Client(
            connection, timeouts: new ApiTimeouts { Connect = TimeSpan.FromMilliseconds(50), Answer = TimeSpan.FromSeconds(5) });
        try
        {
            await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);
        }
        catch (ApiException e)
        {
            Assert.NotEqual(ApiFailure.Internal, e.Failure);
        }
    }

    [Fact]
    public async Task No_text_of_a_kubeconfig_throws_anything_but_an_explanation()
    {
        await Parallel.ForEachAsync(Fields, Cancel, async (field, _) =>
        {
            foreach (var value in Nasty)
            {
                try
                {
                    await AskAsync(KubeconfigFile.Load(directory.Write($"config-{field}", Kubeconfig(field, value))));
                }
                catch (ConnectionException e)
                {
                    Assert.DoesNotContain('\n', e.Message);
                    Assert.Contains(field[(field.IndexOf('.') + 1)..].Replace("-data", "").Replace("client-key", "client-"), e.Message);
                }
                catch (Exception e) when (e is not Xunit.Sdk.XunitException)
                {
                    Assert.Fail($"{field} = {Quoted(value)}: {e}");
                }
            }
        });
    }

    [Fact]
    public async Task No_text_that_a_plugin_prints_throws_anything_but_an_explanation()
    {
        foreach (var name in new[] { "token", "expirationTimestamp", "clientCertificateData", "clientKeyData" })
        {
            foreach (var value in Nasty)
            {
                var rest = name == "token" ? "" : ",\"token\":\"abc\"";
                var answer = directory.Write(
                    "answer", $$"""{"apiVersion":"client.authentication.k8s.io/v1","status":{"{{name}}":{{Quoted(value)}}{{rest}}} }""");
                var plugin = new ExecPlugin(
                    new ExecSpec("kubeconfig: exec.command", "client.authentication.k8s.io/v1", "/bin/cat", [answer], [], null, null),
                    TimeProvider.System);
                await AskAsync(new ApiConnection([server.Url], "test") { Credentials = plugin });
            }
        }
    }

    [Fact]
    public async Task No_file_that_a_kubeconfig_names_throws_anything_but_an_explanation()
    {
        foreach (var value in Nasty)
        {
            directory.Write("spoiled", value);
            foreach (var field in Fields.Where(f => f is "user.tokenFile" or "user.client-certificate" or "cluster.certificate-authority"))
            {
                try
                {
                    await AskAsync(KubeconfigFile.Load(directory.Write("config",
                        Kubeconfig(field, "spoiled")
                            .Replace("\"client-certificate\"", "\"client-key\": \"spoiled\", \"client-certificate\""))));
                }
                catch (ConnectionException e)
                {
                    Assert.DoesNotContain('\n', e.Message);
                }
            }
        }
    }
}
