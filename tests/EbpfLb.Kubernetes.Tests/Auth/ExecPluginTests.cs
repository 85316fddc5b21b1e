using System.Text.Json.Nodes;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.Time;

namespace EbpfLb.Kubernetes.Tests.Auth;

public sealed class ExecPluginTests : IDisposable
{
    private const string V1 = "client.authentication.k8s.io/v1";
    private readonly TempDirectory directory = new();
    private readonly ManualTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    /// <summary>A plugin that counts its runs and prints the number as token, with these fields beside it.</summary>
    private ExecPlugin Counting(string status = "", string apiVersion = V1) => Script($$$"""
        n=$(($(cat count 2>/dev/null || echo 0) + 1)); echo $n > count
        printf '%s' "$KUBERNETES_EXEC_INFO" > info
        echo '{"apiVersion":"{{{apiVersion}}}","kind":"ExecCredential","status":{ {{{status}}}"token":"token-'$n'-'$SUFFIX$1'"} }'
        """);

    private ExecPlugin Script(string body, string? installHint = null, ExecCluster? cluster = null)
    {
        // Run by the shell: a file that was just written may not be executed while another thread forks (ETXTBSY).
        var path = directory.Write("plugin", $"cd '{directory.Path}'\n{body}\n");
        return new ExecPlugin(new ExecSpec("kubeconfig: exec.command", V1, "/bin/sh", [path, "arg"], [new("SUFFIX", "env-")], installHint, cluster), time);
    }

    private static async Task<string?> Token(ExecPlugin plugin, bool refused = false) => (await plugin.GetAsync(refused, Cancel)).Token;

    [Fact]
    public async Task The_plugin_gets_arguments_and_environment_and_its_token_is_kept()
    {
        var plugin = Counting();

        Assert.Equal("token-1-env-arg", await Token(plugin));
        Assert.Equal("token-1-env-arg", await Token(plugin));
    }

    [Fact]
    public async Task An_expired_token_is_got_anew_shortly_before_its_end()
    {
        var plugin = Counting("\"expirationTimestamp\":\"2026-01-01T01:00:00Z\",");

        Assert.Equal("token-1-env-arg", await Token(plugin));
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("token-1-env-arg", await Token(plugin));
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("token-2-env-arg", await Token(plugin));
    }

    [Fact]
    public async Task A_refused_token_is_got_anew()
    {
        var plugin = Counting();
        await Token(plugin);

        Assert.Equal("token-2-env-arg", await Token(plugin, refused: true));
    }

    [Fact]
    public async Task The_plugin_is_told_version_and_cluster()
    {
        var plugin = Script(
            $$$"""printf '%s' "$KUBERNETES_EXEC_INFO" > info; echo '{"apiVersion":"{{{V1}}}","status":{"token":"x"} }' """,
            cluster: new ExecCluster("https://192.0.2.1:6443/", new ServerTrust(ServerName: "kubernetes")));

        await Token(plugin);

        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse($$$"""
                {"kind":"ExecCredential","apiVersion":"{{{V1}}}","spec":{"interactive":false,
                 "cluster":{"server":"https://192.0.2.1:6443/","tls-server-name":"kubernetes","insecure-skip-tls-verify":false} } }
                """),
            JsonNode.Parse(File.ReadAllText(Path.Combine(directory.Path, "info")))));
    }

    [Theory]
    [InlineData("echo 'no session'>&2; exit 3", "ended with exit code 3: no session; run it by hand")]
    [InlineData("echo hello", "did not print an ExecCredential as JSON")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1alpha1","status":{"token":"x"}}' """, "answered with apiVersion 'client.authentication.k8s.io/v1alpha1'")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{}}' """, "printed neither status.token nor status.clientCertificateData")]
    public async Task A_plugin_that_fails_is_explained(string body, string expected)
    {
        var error = await Assert.ThrowsAsync<ConfigException>(() => Token(Script(body)));

        Assert.Contains(expected, error.Message);
        Assert.StartsWith("kubeconfig: exec.command", error.Message);
    }

    [Fact]
    public async Task A_plugin_that_is_not_installed_is_explained_with_its_hint()
    {
        var plugin = new ExecPlugin(new ExecSpec("kubeconfig: exec.command", V1, "/nowhere/plugin", [], [], "install it from example.com", null), time);

        Assert.EndsWith("install it from example.com", (await Assert.ThrowsAsync<ConfigException>(() => Token(plugin))).Message);
    }

    [Fact]
    public async Task A_plugin_that_hangs_is_ended_with_the_request()
    {
        using var cancel = new CancellationTokenSource();
        var plugin = Script("echo $$ > pid; exec sleep 1000");

        var token = plugin.GetAsync(null, cancel.Token).AsTask();
        var pid = Testing.Processes.Eventually.Get(() => File.Exists(Path.Combine(directory.Path, "pid")) ? File.ReadAllText(Path.Combine(directory.Path, "pid")).Trim() : "", p => p.Length > 0, "the plugin's pid");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => token);
        Testing.Processes.Eventually.True(() => !IsRunning(pid), "the end of the plugin");
    }

    private static bool IsRunning(string pid)
    {
        try
        {
            // A zombie has ended: it only waits to be reaped.
            return File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].TrimStart()[0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
