using EbpfLb.Testing;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Survival;

/// <summary>The agent dies and comes back while connections are made; traffic must not notice. Each test has a node of its own.</summary>
public sealed class RestartTests : IDisposable
{
    private readonly TestNode node = new();

    [Contract(
        "13",
        "full and partial: a round writes differences only; all is looked at again at the start, after a failure and for another zone")]
    [Fact]
    public void Killed_and_started_again_under_load_no_request_fails_and_nothing_is_programmed_anew()
    {
        var service = node.Publish("a", "b", "c");
        BackgroundLoad[] loads =
        [
            node.Probe.Start(service.Load(LoadMode.Tcp, Family.IPv4)),
            node.Probe.Start(service.Load(LoadMode.Tcp, Family.IPv6)),
            node.Probe.Start(service.Load(LoadMode.UdpConnected, Family.Mapped)),
            node.Probe.Start(service.Load(LoadMode.UdpShared, Family.IPv4)),
        ];
        var before = node.Agent.PinnedIds();

        node.Agent.Kill();
        Assert.All(loads, load => load.AfterMore(50));
        node.Agent.Launch();
        node.Agent.WaitUntilReady();
        Assert.All(loads, load => load.AfterMore(50));

        Assert.All(loads.Select(load => load.Stop()), report => Assert.True(report.IsClean, report.Line));
        Assert.Equal(before, node.Agent.PinnedIds());
        Assert.Equal(0, node.Agent.FirstPlanOperations());
    }

    [Contract("13", "shutdown: what is programmed stays")]
    [Fact]
    public void Ended_by_SIGTERM_it_leaves_the_dataplane_in_force()
    {
        var service = node.Publish("a", "b");
        var before = node.Agent.PinnedIds();

        Assert.Equal(0, node.Agent.Terminate());
        var report = node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv6) with { Count = 50 });
        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(before, node.Agent.PinnedIds());
    }

    [Contract("13", "first programming: after both lists; ServiceCIDRs are not waited for; what an earlier agent left serves meanwhile")]
    [Fact]
    public void What_changed_while_it_was_away_is_applied_before_it_is_ready()
    {
        var (kept, changed, deleted) = (node.Publish("a"), node.Publish("a"), node.Publish("a"));
        var added = node.NewService("c");
        var load = node.Probe.Start(kept.Load(LoadMode.Tcp, Family.IPv4));

        node.Agent.Kill();
        node.Manifests.Put(changed.Manifest with { Endpoints = node.Addresses("b") });
        node.Manifests.Put(added.Manifest);
        node.Manifests.Remove(deleted.Manifest.Name);
        load.AfterMore(50);
        var away = node.Probe.Load(changed.Load(LoadMode.Tcp, Family.IPv4) with { Count = 10 });
        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        Assert.Equal(10, away.By("a/8080"));
        Assert.Equal(20, node.Probe.Load(changed.Load(LoadMode.Tcp, Family.IPv4) with { Count = 20 }).By("b/8080"));
        Assert.Equal(20, node.Probe.Load(added.Load(LoadMode.UdpConnected, Family.IPv6) with { Count = 20 }).By("c/8080"));
        Assert.Equal(0, node.Probe.Load(deleted.Load(LoadMode.UdpConnected, Family.IPv6) with { Count = 1 }).Answered);
        var report = load.Stop();
        Assert.True(report.IsClean, report.Line);
    }

    [Fact]
    public void Sockets_remember_their_ClusterIP_and_clients_their_backend()
    {
        var sticky = node.NewService("a", "b", "c");
        sticky = node.Publish(sticky with { Manifest = sticky.Manifest with { AffinitySeconds = 600 } });
        var chosen = node.Probe.Load(sticky.Load(LoadMode.Tcp, Family.IPv4) with { Count = 1 });
        var connected = node.Probe.Open("tcp", sticky.Address(Family.IPv4));
        var datagrams = node.Probe.Open("udp", sticky.Address(Family.IPv6));
        Assert.True(connected.Connect(sticky.Address(Family.IPv4)).Ok);
        Assert.True(datagrams.Send(1, sticky.Address(Family.IPv6)).Ok);

        node.Agent.Kill();
        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        Assert.Equal(sticky.Seen(Family.IPv4), connected.Peer);
        Assert.Equal(chosen.Names.Keys.Single(), connected.Request()["name"]);
        Assert.Equal(sticky.Seen(Family.IPv6), datagrams.Receive(1)["address"]);
        var after = node.Probe.Load(sticky.Load(LoadMode.Tcp, Family.IPv4) with { Count = 30 });
        Assert.Equal(chosen.Names.Keys, after.Names.Keys);
    }

    [Fact]
    public void Killed_again_and_again_in_the_middle_of_changes_it_ends_up_right()
    {
        var steady = node.Publish("a", "b");
        var moving = Enumerable.Range(0, 20).Select(_ => node.NewService("a")).ToArray();
        var load = node.Probe.Start(steady.Load(LoadMode.Tcp, Family.IPv4));

        string[] targets = ["b", "c", "a", "c"];
        foreach (var target in targets)
        {
            foreach (var service in moving)
                node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses(target) });
            load.AfterMore(20);
            node.Agent.Kill();
            node.Agent.Launch();
        }
        node.Agent.WaitUntilReady();

        foreach (var service in moving)
        {
            var report = node.Probe.Load(service.Load(LoadMode.UdpConnected, Family.IPv6) with { Count = 5 });
            Assert.True(report.IsClean, report.Line);
            Assert.Equal(5, report.By($"{targets[^1]}/8080"));
        }
        var all = load.Stop();
        Assert.True(all.IsClean, all.Line);
    }

    public void Dispose() => node.Dispose();
}
