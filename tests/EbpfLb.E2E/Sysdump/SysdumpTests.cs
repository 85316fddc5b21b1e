using System.Text;
using System.Text.Json;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Sysdump;

/// <summary>`ebpflb sysdump`: what is in the archive, and what must not be.</summary>
public sealed class SysdumpTests : IAsyncLifetime
{
    /// <summary>In every secret of these tests, as it is and in base64 (of a text that begins with it).</summary>
    private const string Mark = "RECOGNISABLE-", Encoded = "UkVDT0dOSVNBQkxF";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-sysdump-");
    private FakeApiServer api = null!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    [Fact]
    public void It_holds_the_state_of_instance_and_node_and_none_of_the_secrets_around_it()
    {
        using var node = new TestNode(extra: [], StartApiServer);
        node.Agent.LaunchInstead(TestNode.Binary, Tool("env"), $"AGENT_TOKEN={Mark}AGENT-ENVIRONMENT");
        node.Agent.WaitUntilReady();
        var service = node.NewService("a");
        foreach (var json in service.Manifest.Objects) api.Apply(json);
        node.WaitUntilServed(service);

        using var command = node.Agent.Start(
            new Dictionary<string, string> { ["MY_PASSWORD"] = $"{Mark}ENVIRONMENT" }, "sysdump", "-f", Archive);
        var (code, text) = (command.WaitForExit(), command.Output);

        Assert.True(code == 0 && text.Contains("wrote ", StringComparison.Ordinal), text);
        var root = Unpack();
        var contents = File.ReadAllText(Path.Combine(root, "contents.txt"));
        foreach (var file in (string[])["version.txt", "status.json", "services.json", "backends.json", "verify.json", "history.json",
            "drops.json", "conntrack-count.json", "conntrack.json", "config.json", "metrics.txt", "process/status.txt",
            "process/limits.txt", "process/cmdline.txt", "kernel/version.txt", "kernel/features.txt", "kernel/mounts.txt",
            "kernel/sysctls.txt", "bpf/links.txt", "bpf/programs.txt", "bpf/maps.txt", "bpf/devices.txt", "bpf/instances.txt",
            "network/devices.txt", "network/addresses.txt", "network/routes.txt", "network/rules.txt", "doctor.json"])
        {
            Assert.Contains($"{file}: ok", contents);
            Assert.NotEqual(0, new FileInfo(Path.Combine(root, file)).Length);
        }
        Assert.Contains($"default/{service.Manifest.Name}", File.ReadAllText(Path.Combine(root, "services.json")));
        Assert.Contains("lb_services4", File.ReadAllText(Path.Combine(root, "bpf/maps.txt")));
        Assert.Contains("lb_connect4", File.ReadAllText(Path.Combine(root, "bpf/programs.txt")));
        Assert.Contains("ebpflb_", File.ReadAllText(Path.Combine(root, "metrics.txt")));
        Assert.NotEqual(0, JsonDocument.Parse(File.ReadAllText(Path.Combine(root,
            "doctor.json"))).RootElement.GetProperty("checks").GetArrayLength());
        // Else the test would show nothing: the secrets are where the agent has them.
        Assert.Contains(Mark, File.ReadAllText(Path.Combine(directory.FullName, "kubeconfig")));
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            var all = File.ReadAllText(file);
            Assert.False(all.Contains(Mark, StringComparison.Ordinal) || all.Contains(Encoded, StringComparison.Ordinal), $"{file}: {all}");
            Assert.DoesNotContain("PRIVATE KEY", all);
        }
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Archive));
    }

    [Fact]
    public void Where_nothing_runs_it_holds_what_the_node_says_and_notes_what_is_missing()
    {
        var (code, text) = ChildProcess.Run(new ProcessPlace(null, null),
            TestNode.Binary, "sysdump", "--instance", "nothing-here", "--run-dir", directory.FullName, "-f", Archive);

        Assert.True(code == 0 && text.Contains("not in it: the instance's answers: instance 'nothing-here' not found",
            StringComparison.Ordinal),
            text);
        var contents = File.ReadAllText(Path.Combine(Unpack(), "contents.txt"));
        Assert.Contains("kernel/version.txt: ok", contents);
        Assert.Contains("doctor.json: ok", contents);
        Assert.Contains("failed: metrics.txt: no agent answers", contents);

        (code, text) = ChildProcess.Run(new ProcessPlace(null, null), TestNode.Binary, "sysdump", "--file", Archive);
        Assert.True(code == 1 && text.Contains("name another file with --file", StringComparison.Ordinal), text);
    }

    public async ValueTask DisposeAsync()
    {
        if (api is not null) await api.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private string Archive => Path.Combine(directory.FullName, "it.tar.gz");

    private static string Tool(string name) => RepositoryPaths.Tool(name);

    private string Unpack()
    {
        var into = directory.CreateSubdirectory("unpacked");
        var (code, text) = ChildProcess.Run(new ProcessPlace(null, null), Tool("tar"), "-xzf", Archive, "-C", into.FullName);
        Assert.True(code == 0, text);
        return into.GetDirectories().Single().FullName;
    }

    private IReadOnlyList<string> StartApiServer(NodeNetns where)
    {
        api = FakeApiServer.StartAsync(new FakeApiServerOptions { Netns = where.Place.NetnsPath, Port = 6443 }).GetAwaiter().GetResult();
        var (kubeconfig, config) = (Path.Combine(directory.FullName, "kubeconfig"), Path.Combine(directory.FullName, "config.yaml"));
        File.WriteAllText(Path.Combine(directory.FullName, "token"), $"{Mark}TOKEN-FILE");
        File.WriteAllText(kubeconfig, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test} }]
            clusters: [{name: test, cluster: {server: "{{api.Url}}"} }]
            users:
            - name: test
              user:
                tokenFile: token
            - name: other
              user:
                token: {{Mark}}KUBECONFIG
                client-key-data: {{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Mark}KEY"))}}
            """);
        File.WriteAllText(config, $"""
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            apiToken: {Mark}CONFIGURATION
            clientConnection:
              kubeconfig: {kubeconfig}
            """);
        return ["--config", config];
    }
}
