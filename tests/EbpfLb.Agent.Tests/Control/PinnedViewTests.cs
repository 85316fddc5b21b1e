using EbpfLb.Abi;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Verification;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Tests.Control;

public sealed class PinnedViewTests
{
    private readonly PinnedView view = new(
        "lab",
        [
            Found(7, new Frontend(IpAddress.Parse("10.96.0.1"), 80, TransportProtocol.Tcp), "10.1.0.1"),
            Found(7, new Frontend(IpAddress.Parse("203.0.113.1"), 80, TransportProtocol.Tcp), "10.1.0.1") with
            {
                Kind = FrontendKind.LoadBalancer, LocalPolicy = true,
            },
            Found(1, Canary.FrontendV4, "127.0.0.1"),
            Found(2, Canary.FrontendV6, "::1"),
        ],
        [new AttachedHook("connect4", "/sys/fs/cgroup", 3, 41, "pinned")], new FakeFlows(),
        () => new PinnedComparison([new ComparedElements(VerifyStage.Kernel, "frontends", 4)],
            [new Difference(VerifyStage.Kernel, "lb_backends 7", "service_id", "none", "10.1.0.1:80")]),
        () => new InspectedCounts(
            [new(LbReason.DropCtFull, 2, 120), new(LbReason.DropRange, 0, 0), new(LbReason.SockTranslated, 7, 0)],
            [new MapFill("lb_services4", 4, 1000)]));

    [Fact]
    public async Task What_does_not_fit_together_is_told_and_never_repaired()
    {
        var report = await view.VerifyAsync(repair: true, TestContext.Current.CancellationToken);

        Assert.Equal((Origin.Maps, false, true), (report.Origin, report.Equal, report.DryRun));
        Assert.Equal(("lb_backends 7", false), (report.Differences.Single().Object, report.Differences.Single().Repaired));
        Assert.Contains("no agent runs", report.NotCompared.Single());
    }

    [Fact]
    public async Task Status_is_never_ready_and_says_what_to_do()
    {
        var status = await view.StatusAsync(TestContext.Current.CancellationToken);
        Assert.Equal((Origin.Maps, false), (status.Origin, status.Ready));
        Assert.Equal("no agent runs: the 2 frontends are balanced as they were when the last one ended; start it with `ebpflb run`",
            Assert.Single(status.NotReady));
        Assert.Equal(new HookStatus("connect4", "/sys/fs/cgroup", 3, 41), Assert.Single(status.Hooks));
    }

    [Fact]
    public async Task Status_has_what_the_maps_count_and_names_what_only_an_agent_knows()
    {
        var status = await view.StatusAsync(TestContext.Current.CancellationToken);
        var drop = Assert.Single(status.Drops);
        Assert.Equal(("drop_ct_full", 2UL, 120UL, null), (drop.Reason, drop.Packets, drop.Bytes, drop.PacketsSinceStart));
        Assert.Equal([new MapStatus("lb_services4", 4, 1000)], status.Maps);
        Assert.Contains("canary", status.NotKnown);

        using var line = new TestCommandLine { Finder = new FakeFinder(new FakeView { Status = status }) };
        Assert.Equal(3, await line.RunAsync("status"));
        Assert.Matches("drop_ct_full +2 +- +120 ", line.Output);
        Assert.Contains("Not known without an agent:\n  - source, canary, ", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Services_are_known_by_id_and_the_canary_is_left_out()
    {
        var report = await view.ServicesAsync(ServiceQuery.All, TestContext.Current.CancellationToken);
        Assert.Equivalent(
            new ServiceRow(null, null, "TCP", "IPv4", 7, 30, 5, 3, 1, 0,
                [new FrontendRow("10.96.0.1", 80, "ClusterIP", "Cluster", 1),
                    new FrontendRow("203.0.113.1", 80, "LoadBalancer", "Local", 0)]) { Scheduler = "random" },
            Assert.Single(report.Services), strict: true);
    }

    [Fact]
    public async Task Frontends_of_one_service_share_their_backends()
    {
        var report = await view.BackendsAsync(ServiceQuery.All, TestContext.Current.CancellationToken);
        Assert.Equal(
            [new BackendRow(null, null, "TCP", 7, "10.1.0.1", 8080) { Weight = 3, Connections = 5, Open = 2 }], report.Backends);
    }

    [Fact]
    public async Task Names_cannot_be_looked_up_and_ids_can()
    {
        Assert.Single((await view.ServicesAsync(new ServiceQuery(Id: 7), TestContext.Current.CancellationToken)).Services);
        var byName = await Assert.ThrowsAsync<UnknownServiceException>(()
            => view.BackendsAsync(new ServiceQuery("default", "web"), TestContext.Current.CancellationToken));
        Assert.Equal("'default/web' cannot be looked up, as no agent answers and the maps "
                + "hold no names: give #ID, which `ebpflb services` shows",
            byName.Message);
        await Assert.ThrowsAsync<UnknownServiceException>(()
            => view.ServicesAsync(new ServiceQuery(Id: 8), TestContext.Current.CancellationToken));
    }

    private static InspectedFrontend Found(uint id, Frontend frontend, string backend) => new(
        id, frontend, 30, [new BackendAddress(IpAddress.Parse(backend), 8080)],
        new ServiceCounters(Connections: 5, Closed: 2, Datagrams: 1, Refused: 0))
    {
        Counted = [new BackendCounters(new BackendAddress(IpAddress.Parse(backend), 8080), 3, 5, 2)],
    };
}
