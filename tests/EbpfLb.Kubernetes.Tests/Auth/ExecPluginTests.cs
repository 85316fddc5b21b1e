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
        return new ExecPlugin(
            new ExecSpec("kubeconfig: exec.command", V1, "/bin/sh", [path, "arg"], [new("SUFFIX", "env-")], installHint, cluster), time);
    }

    private static async Task<string?> Token(ExecPlugin plugin, ApiCredential? refused = null)
        => (await plugin.GetAsync(refused, Cancel)).Token;

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
        var refused = await plugin.GetAsync(null, Cancel);

        Assert.Equal("token-2-env-arg", await Token(plugin, refused));
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
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1alpha1","status":{"token":"x"}}' """,
        "answered with apiVersion 'client.authentication.k8s.io/v1alpha1'")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{}}' """,
        "printed neither status.token nor status.clientCertificateData")]
    public async Task A_plugin_that_fails_is_explained(string body, string expected)
    {
        var error = await Assert.ThrowsAsync<ConnectionException>(() => Token(Script(body)));

        Assert.Contains(expected, error.Message);
        Assert.StartsWith("kubeconfig: exec.command", error.Message);
    }

    [Fact]
    public async Task A_plugin_that_is_not_installed_is_explained_with_its_hint()
    {
        var plugin = new ExecPlugin(
            new ExecSpec("kubeconfig: exec.command", V1, "/nowhere/plugin", [], [], "install it from example.com", null), time);

        Assert.EndsWith("install it from example.com", (await Assert.ThrowsAsync<ConnectionException>(() => Token(plugin))).Message);
    }

    [Fact]
    public async Task A_plugin_that_hangs_is_ended_with_the_request()
    {
        using var cancel = new CancellationTokenSource();
        var plugin = Script("echo $$ > pid; exec sleep 1000");

        var token = plugin.GetAsync(null, cancel.Token).AsTask();
        var pid = Testing.Processes.Eventually.Get(()
                => File.Exists(Path.Combine(directory.Path, "pid")) ? File.ReadAllText(Path.Combine(directory.Path, "pid")).Trim() : "",
            p => p.Length > 0, "the plugin's pid");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => token);
        Testing.Processes.Eventually.True(() => !IsRunning(pid), "the end of the plugin");
    }

    private ExecPlugin Printing(string status)
        => Script($"echo x >> runs; printf '%s' '{{\"apiVersion\":\"{V1}\",\"status\":{{{status}}}}}'");

    private int Runs => File.ReadAllLines(Path.Combine(directory.Path, "runs")).Length;

    [Theory]
    [InlineData("\\n")]
    [InlineData(" \\r\\n")]
    public async Task White_space_around_a_token_is_none_of_it(string end)
        => Assert.Equal("abc.def", await Token(Printing($"\"token\":\"abc.def{end}\"")));

    [Theory]
    [InlineData("\"token\":\"a\\nb\"", "status.token: character 2 (U+000A) cannot be sent in an HTTP header")]
    [InlineData("\"token\":\"a\\u0000\"", "status.token: character 2 (U+0000) cannot be sent")]
    [InlineData("\"token\":\"\\ud800\"", "did not print an ExecCredential as JSON")]
    [InlineData("\"token\":7", "did not print an ExecCredential as JSON")]
    [InlineData("\"token\":\"a\",\"expirationTimestamp\":\"10000-01-01T00:00:00Z\"", "did not print an ExecCredential as JSON")]
    [InlineData("\"token\":\"\"", "printed neither status.token nor status.clientCertificateData")]
    [InlineData("\"clientCertificateData\":\"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\",\"clientKeyData\":\"x\"",
        "are no client certificate with its key")]
    public async Task What_a_plugin_prints_that_cannot_be_used_is_named(string status, string expected)
    {
        var error = await Assert.ThrowsAsync<ConnectionException>(() => Token(Printing(status)));

        Assert.Contains(expected, error.Message);
        Assert.StartsWith("kubeconfig: exec.command", error.Message);
    }

    /// <summary>Go prints its zero time for "none"; client-go takes it so.</summary>
    [Theory]
    [InlineData("0001-01-01T00:00:00Z", 1)]
    [InlineData("9999-12-31T23:59:59Z", 1)]
    [InlineData("0001-01-01T00:00:01Z", 2)]
    [InlineData("2025-12-31T23:59:59Z", 2)]
    public async Task Any_time_of_expiry_is_understood(string expires, int runs)
    {
        var plugin = Printing($"\"token\":\"a\",\"expirationTimestamp\":\"{expires}\"");

        Assert.Equal("a", await Token(plugin));
        Assert.Equal("a", await Token(plugin));

        Assert.Equal(runs, Runs);
    }

    [Fact]
    public async Task Those_who_are_refused_at_once_wait_for_one_run()
    {
        var plugin = Script("echo x >> runs; until [ -e go ]; do sleep 0.01; done; printf '%s' "
            + $"'{{\"apiVersion\":\"{V1}\",\"status\":{{\"token\":\"a\"}}}}'");
        directory.Write("go", "");
        var refused = await plugin.GetAsync(null, Cancel);
        File.Delete(Path.Combine(directory.Path, "go"));

        var all = Enumerable.Range(0, 4).Select(_ => plugin.GetAsync(refused, Cancel).AsTask()).ToArray();
        Testing.Processes.Eventually.True(() => Runs == 2, "the second run");
        directory.Write("go", "");
        await Task.WhenAll(all);

        Assert.Equal(2, Runs);
    }

    [Fact]
    public async Task Those_who_wait_for_a_run_that_fails_all_learn_why()
    {
        var plugin = Script("echo x >> runs; until [ -e go ]; do sleep 0.01; done; exit 3");
        var all = Enumerable.Range(0, 4).Select(_ => plugin.GetAsync(null, Cancel).AsTask()).ToArray();
        Testing.Processes.Eventually.True(() => File.Exists(Path.Combine(directory.Path, "runs")), "a run");
        directory.Write("go", "");

        foreach (var one in all)
            Assert.Contains("ended with exit code 3", (await Assert.ThrowsAsync<ConnectionException>(() => one)).Message);
        Assert.Equal(1, Runs);
    }

    [Fact]
    public async Task A_plugin_that_prints_for_ever_is_ended()
    {
        var plugin = Script("echo $$ > pid; exec tr '\\0' x < /dev/zero");

        Assert.Contains(
            "prints more than 1048576 characters", (await Assert.ThrowsAsync<ConnectionException>(() => Token(plugin))).Message);

        var pid = File.ReadAllText(Path.Combine(directory.Path, "pid")).Trim();
        Testing.Processes.Eventually.True(() => !IsRunning(pid), "the end of the plugin");
    }

    [Fact]
    public async Task A_long_error_output_of_a_plugin_does_not_block_it()
        => Assert.Equal("a", await Token(Script(
            $"head -c 3000000 /dev/zero | tr '\\0' x >&2; printf '%s' '{{\"apiVersion\":\"{V1}\",\"status\":{{\"token\":\"a\"}}}}'")));

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
