using System.Diagnostics;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.RemovedEndpoints;

/// <summary>Many sockets in many network namespaces.</summary>
public sealed class CrowdTests(ITestOutputHelper output) : IDisposable
{
    private const int Pods = 50;
    private const int Sockets = 20;

    private readonly TestNode node = new();

    [Fact]
    public void A_thousand_sockets_in_fifty_namespaces_move_and_none_is_left_behind()
    {
        var service = node.Publish("a");
        var swarms = Enumerable.Range(0, Pods).Select(i => Swarm(service, i)).ToList();
        Assert.All(swarms, s => Eventually.True(() => s.IsServedBy("a/8080"), () => s.Report));
        var before = node.Agent.EndedUdp();

        var watch = Stopwatch.StartNew();
        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("b", "c") });
        Eventually.True(
            () => node.Agent.StaleUdp() == 0 && node.Agent.EndedUdp() >= before + (Pods * Sockets), () => node.Agent.SocketReport());
        output.WriteLine($"{Pods * Sockets} sockets in {Pods} namespaces ended, and none left, "
            + $"within {watch.ElapsedMilliseconds} ms of the change of the file");

        Assert.All(swarms,
            s => Eventually.True(()
                    => !s.Report.Contains("by:a/", StringComparison.Ordinal) && s.Report.Contains("silent=0", StringComparison.Ordinal),
                () => s.Report));
        output.WriteLine($"every client has an answer of another backend after {watch.ElapsedMilliseconds} ms");
        // A sender that connects anew before it has read the error gets to read it later.
        Assert.All(swarms, s => Assert.InRange(s.Aborted, Sockets, 2 * Sockets));
    }

    [Fact]
    public void What_changed_while_no_agent_ran_is_ended_by_the_next()
    {
        var service = node.Publish("a");
        var swarm = node.Probe.StartSwarm("wait", service.Address(Family.IPv6), Sockets);
        Eventually.True(() => swarm.IsServedBy("a/8080"), () => swarm.Report);

        node.Agent.Kill();
        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("b") });
        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        Eventually.True(() => swarm.IsServedBy("b/8080"), () => $"{swarm.Report}\n{node.Agent.EndOfLog}");
        Eventually.True(() => node.Agent.Health() is not null && node.Agent.StaleUdp() == 0, () => node.Agent.EndOfLog);
    }

    public void Dispose() => node.Dispose();

    /// <summary>Half of them send, half of them wait.</summary>
    private Swarm Swarm(TestService service, int number)
    {
        var pod = node.Node.AddPod($"c{number}");
        var probe = node.Keep(NetProbe.Start(pod.Place));
        return probe.StartSwarm(number % 2 == 0 ? "send" : "wait", service.Address(number % 4 < 2 ? Family.IPv4 : Family.IPv6), Sockets);
    }
}
