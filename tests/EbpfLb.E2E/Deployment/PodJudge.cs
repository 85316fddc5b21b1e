using System.Net;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>What has to hold of the agent's pod, however its container is made.</summary>
internal sealed class PodJudge(PodBed bed, AgentPod pod)
{
    private static readonly string[] Refusals =
        ["EPERM", "EACCES", "EROFS", "ENOSYS", "CAP_", "not permitted", "not implemented", "Permission denied", "Read-only", "not allowed"];

    /// <summary>ClusterIPs for a pod, the NodePort for it and for a client outside; getpeername() gives what was asked for.</summary>
    public void AssertServed()
    {
        foreach (var address in PodBed.Service().ClusterIPs) AssertClean(bed.Client, new IPEndPoint(address, 80));
        foreach (var address in new[] { bed.Node.IPv4, bed.Node.IPv6 })
        {
            AssertClean(bed.Client, new IPEndPoint(address, 30080));
            AssertClean(bed.Outside, new IPEndPoint(address, 30080));
        }
    }

    /// <summary>Each rule of the ClusterRole is used, and nothing was asked for that there is no rule for.</summary>
    public void AssertRightsAreUsed(ChildProcess agent)
    {
        Eventually.True(
            () => KubernetesBase.Allowed.Except(Asked()).ToList() is [],
            () => $"each rule to be used, of which were: {string.Join(", ", Asked())}. Log of the agent:\n{agent.Output}");
        Assert.Empty(Asked().Except(KubernetesBase.Allowed));
    }

    /// <summary>
    /// Of what the pod forbids, only the score may be told: where the tests may not lower it, nobody that they start may.
    /// </summary>
    public static void AssertNothingWasRefused(string log)
        => Assert.Equal([], log.Split('\n').Where(line => !line.Contains("OOM score", StringComparison.Ordinal)).Where(IsRefused));

    /// <summary>Where paths of the pod's configuration mean other things, or nothing.</summary>
    public void AssertJudgedFromTheHost()
    {
        var (_, text) = pod.OnHost("doctor");
        foreach (var (check, verdict) in new[] { ("mounts.cgroup2", "ok"), ("hooks.sockets", "ok"), ("api.server", "unknown") })
            AssertVerdict(text, check, verdict);
    }

    /// <param name="text">What `ebpflb doctor` has said.</param>
    public static void AssertVerdict(string text, string check, string verdict) => Assert.True(
        text.Split('\n').Any(l => l.Contains(check, StringComparison.Ordinal) && l.Contains(verdict, StringComparison.Ordinal)), text);

    /// <summary>An agent that has ended left the balancing in force, until `ebpflb cleanup`.</summary>
    public void AssertCleanedUp()
    {
        Assert.True(bed.Client.Load(LoadMode.Tcp, "10.96.1.1:80", 5).IsClean);
        var (cleaned, output) = pod.Command("cleanup");
        Assert.True(cleaned == 0, output);
        Assert.NotEqual(0, bed.Client.Load(LoadMode.Tcp, "10.96.1.1:80", 1).Failed);
    }

    private static void AssertClean(NetProbe client, IPEndPoint to)
    {
        foreach (var mode in new[] { LoadMode.Tcp, LoadMode.Udp })
        {
            var report = client.Load(mode, to.ToString(), 20);
            Assert.True(report.IsClean, report.Line);
        }
    }

    /// <summary>/api/VERSION/... is the group "", /apis/GROUP/VERSION/... another.</summary>
    private IEnumerable<(string Verb, string Group, string Resource)> Asked() =>
        from request in bed.Api.Requests
        where request.Verb.Length > 0
        let parts = request.Path.Split('/')
        group request by (request.Verb, parts[1] == "api" ? "" : parts[2], parts[^1]) into asked
        select asked.Key;

    /// <summary>In words that messages have, a 403 of the API server "not allowed": any number may stand in a time.</summary>
    private static bool IsRefused(string line) => Refusals.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase));
}
