using System.Diagnostics;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Survival;

/// <summary>
/// Somebody takes away what the agent has made, while every period is longer than the test: what heals is what the agent watches by
/// itself. Each test says how long connections failed, for the table of docs/operations/repair.md.
/// </summary>
public sealed class FaultTests(FaultTests.Lab lab, ITestOutputHelper output) : IClassFixture<FaultTests.Lab>
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    public sealed class Lab : IDisposable
    {
        public Lab()
        {
            Cluster = new TestCluster(
                new TestClusterOptions
                {
                    Extra = ["--sync-period", "10m", "--verify-period", "1h", "--tc-attach", "clsact", "--xdp", "generic"],
                });
            Service = Cluster.Publish("a", "c");
        }

        internal TestCluster Cluster { get; }

        internal OutsideService Service { get; }

        public void Dispose() => Cluster.Dispose();
    }

    [Fact]
    public void A_detached_link_is_attached_again()
    {
        Heals("ebpflb_repairs_total{what=\"link\"}", () => FromNode().Answered == 1, () =>
        {
            using var link = BpfLink.OpenPinned(Path.Combine(Instance, "links", "connect4"));
            link.Detach();
        });
    }

    [Fact]
    public void A_deleted_filter_of_a_device_is_put_back()
    {
        Heals("ebpflb_repairs_total{what=\"device_program\"}", () => FromOutside().Answered == 1, () =>
        {
            var (code, text) = ChildProcess.Run(
                lab.Cluster.First.Netns.Place, RepositoryPaths.Tool("tc"), "filter", "del", "dev", "eth0", "ingress");
            Assert.True(code == 0, text);
        });
    }

    [Fact]
    public void A_deleted_qdisc_of_a_device_is_put_back()
    {
        Heals("ebpflb_repairs_total{what=\"device_program\"}", () => FromOutside().Answered == 1, () =>
        {
            var (code, text) = ChildProcess.Run(
                lab.Cluster.First.Netns.Place, RepositoryPaths.Tool("tc"), "qdisc", "del", "dev", "eth0", "clsact");
            Assert.True(code == 0, text);
        });
    }

    [Fact]
    public void A_detached_program_in_front_of_the_stack_is_attached_again()
    {
        var pin = Directory.GetFiles(Path.Combine(Instance, "links"), "xdp-*").Single();
        Heals("ebpflb_repairs_total{what=\"device_program\"}", () => HasXdp() && FromOutside().Answered == 1, () =>
        {
            using var link = BpfLink.OpenPinned(pin);
            link.Detach();
            Assert.False(HasXdp());
        });
    }

    [Fact]
    public void Settings_that_were_zeroed_are_written_again()
    {
        using var settings = BpfMap.OpenPinned<uint, LbSettings>(Path.Combine(Instance, "maps", "lb_settings"));
        var before = settings.Lookup(0);
        Heals(null, () => settings.Lookup(0) == before && FromOutside().Answered == 1, () => settings.Update(0, default));
    }

    [Fact]
    public void A_table_of_frontends_that_was_emptied_is_filled_again()
    {
        using var services = BpfMap.OpenPinned<LbFrontend4, LbService>(Path.Combine(Instance, "maps", "lb_services4"));
        var before = services.Keys().Count;
        Heals(null, () => services.Keys().Count == before && FromOutside().Answered == 1 && FromNode().Answered == 1, () =>
        {
            foreach (var key in services.Keys()) services.Delete(key);
        });
    }

    [Fact]
    public void Removed_pins_are_made_again_and_no_connection_fails()
    {
        Heals("ebpflb_repairs_total{what=\"map_pin\"}", () => FromOutside().Answered == 1 && FromNode().Answered == 1, () =>
        {
            // Not the directories: the agent may pin again before they are empty.
            foreach (var kind in new[] { "maps", "links" })
                foreach (var pin in Directory.GetFiles(Path.Combine(Instance, kind))) File.Delete(pin);
            Assert.Equal((1, 1), (FromOutside(Long).Answered, FromNode(Long).Answered));
        });
        Assert.True(File.Exists(Path.Combine(Instance, "maps", "lb_meta")));
    }

    private string Instance => BpfFs.InstancePath(lab.Cluster.First.Agent.Instance);

    private AgentProcess Agent => lab.Cluster.First.Agent;

    /// <param name="counter">Grows when it is repaired; null: what <paramref name="works"/> looks at was broken for sure.</param>
    private void Heals(string? counter, Func<bool> works, Action fault)
    {
        Eventually.True(works, () => $"the state before the fault. Log of the agent:\n{Agent.EndOfLog}");
        var before = counter is null ? "" : Agent.MetricsOf(counter);
        fault();
        var watch = Stopwatch.StartNew();

        Eventually.True(works, () => $"connections to work again. Log of the agent:\n{Agent.EndOfLog}");

        output.WriteLine($"worked again after {watch.ElapsedMilliseconds} ms");
        if (counter is not null) Eventually.True(
            () => Agent.MetricsOf(counter) != before, () => $"{counter} to grow from '{before}'. Log of the agent:\n{Agent.EndOfLog}");
        Eventually.True(() => Agent.Command("status").ExitCode == 0, () => $"status to say Ready again:\n{Agent.Command("status").Output}");
    }

    private bool HasXdp()
    {
        var (code, text) = ChildProcess.Run(
            lab.Cluster.First.Netns.Place, RepositoryPaths.Tool("ip"), "-details", "link", "show", "dev", "eth0");
        Assert.True(code == 0, text);
        return text.Contains("xdpgeneric", StringComparison.Ordinal);
    }

    private LoadReport FromOutside(TimeSpan? limit = null) => Try(lab.Cluster.Probe, Way.NodePortOfFirst, limit);

    private LoadReport FromNode(TimeSpan? limit = null) => Try(lab.Cluster.First.Host, Way.ClusterIP, limit);

    /// <param name="limit">How long the answer may take; short unless given, for what is asked again and again until it answers.</param>
    private LoadReport Try(NetProbe probe, Way way, TimeSpan? limit) => probe.Load(
        new LoadSpec(LoadMode.Tcp, lab.Service.Address(lab.Cluster, way, Family.IPv4)) { Count = 1, Timeout = limit ?? Short });
}
