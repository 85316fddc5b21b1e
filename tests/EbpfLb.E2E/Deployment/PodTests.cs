using System.Net;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The agent runs as the DaemonSet of deploy/kubernetes says: in a read-only root file system of its own with just its mounts and
/// capabilities, with its configuration, and against an API server that refuses what the ClusterRole does not allow.
/// </summary>
public sealed class PodTests : IAsyncLifetime
{
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly FakeAuthority authority = new();
    private NodeNetns node = null!;
    private PodNetns client = null!;
    private PodNetns backend = null!;
    private FakeApiServer api = null!;
    private PodRoot root = null!;

    public async ValueTask InitializeAsync()
    {
        node = topology.AddNode();
        client = node.AddPod("client", "10.96.0.0/16", "fd00:10:96::/112");
        backend = node.AddPod("a");
        api = await FakeApiServer.StartAsync(new FakeApiServerOptions
        {
            Netns = node.Place.NetnsPath, Port = 6443, HasServiceCidrs = true,
            Certificate = authority.IssueServer(TimeSpan.FromDays(1), "127.0.0.1"),
        });
        api.Faults.AcceptTokens("token-of-the-account");
        api.Faults.AllowOnly(KubernetesBase.Allowed.Select(rule => (rule.Verb, rule.Resource)));
        root = new PodRoot(node,
            new Dictionary<string, string>
            {
                ["token"] = "token-of-the-account", ["ca.crt"] = authority.Pem, ["namespace"] = "kube-system",
            });
    }

    public async ValueTask DisposeAsync()
    {
        root?.Dispose();
        if (api is not null) await api.DisposeAsync();
        topology.Dispose();
        authority.Dispose();
    }

    [Fact]
    public void With_just_its_mounts_capabilities_and_rights_it_serves_and_asks_for_nothing_else()
    {
        var service = new ServiceManifest("web")
        {
            ClusterIPs = [IPAddress.Parse("10.96.1.1"), IPAddress.Parse("fd00:10:96::1")],
            Ports = [new PortManifest("tcp", "TCP", 80, 8080)],
            Endpoints = [backend.IPv4, backend.IPv6],
        };
        foreach (var text in service.Objects) api.Apply(text);
        using var server = PodServer.Start(backend.Place, backend.Name, "8080", "8080", showPort: true);
        using var probe = NetProbe.Start(client.Place);

        using var agent = root.Start(KubernetesBase.Arguments, api.Url);
        root.WaitUntilReady(agent);

        foreach (var address in service.ClusterIPs)
        {
            var report = probe.Load(LoadMode.Tcp, new IPEndPoint(address, 80).ToString(), 20);
            Assert.True(report.IsClean, report.Line);
        }
        // Each rule is used, and nothing was asked for that there is no rule for.
        Eventually.True(
            () => KubernetesBase.Allowed.Except(Asked()).ToList() is [],
            () => $"each rule to be used, of which were: {string.Join(", ", Asked())}. Log of the agent:\n{agent.Output}");
        Assert.Empty(Asked().Except(KubernetesBase.Allowed));

        // Of what the pod forbids, only the score may be told: where the tests may not lower it, nobody that they start may.
        var told = agent.Output.Split('\n').Where(line => !line.Contains("OOM score", StringComparison.Ordinal)).Where(IsRefused);
        Assert.Equal([], told);
        var (code, status) = root.Command("status");
        Assert.True(code == 0, status);
        Assert.Contains("Ready", status, StringComparison.Ordinal);
        JudgedFromTheHost();

        agent.Signal();
        Assert.Equal(0, agent.WaitForExit());
        // It left the balancing in force.
        Assert.True(probe.Load(LoadMode.Tcp, "10.96.1.1:80", 5).IsClean);
        var (cleaned, output) = root.Command("cleanup");
        Assert.True(cleaned == 0, output);
        Assert.NotEqual(0, probe.Load(LoadMode.Tcp, "10.96.1.1:80", 1).Failed);
    }

    /// <summary>Where paths of the pod's configuration mean other things, or nothing.</summary>
    private void JudgedFromTheHost()
    {
        var (_, text) = root.OnHost("doctor");
        var lines = text.Split('\n');
        foreach (var (check, verdict) in new[] { ("mounts.cgroup2", "ok"), ("hooks.sockets", "ok"), ("api.server", "unknown") })
            Assert.True(lines.Any(l => l.Contains(check, StringComparison.Ordinal) && l.Contains(verdict, StringComparison.Ordinal)), text);
    }

    /// <summary>/api/VERSION/... is the group "", /apis/GROUP/VERSION/... another.</summary>
    private IEnumerable<(string Verb, string Group, string Resource)> Asked() =>
        from request in api.Requests
        where request.Verb.Length > 0
        let parts = request.Path.Split('/')
        group request by (request.Verb, parts[1] == "api" ? "" : parts[2], parts[^1]) into asked
        select asked.Key;

    /// <summary>In words that messages have, a 403 of the API server "not allowed": any number may stand in a time.</summary>
    private static bool IsRefused(string line)
        => new[] { "EPERM", "EACCES", "EROFS", "CAP_", "not permitted", "Permission denied", "Read-only", "not allowed" }
        .Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase));
}
