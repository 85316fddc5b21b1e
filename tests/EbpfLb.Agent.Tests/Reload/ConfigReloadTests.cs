using EbpfLb.Agent.Options;
using EbpfLb.Agent.Reload;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Configuration;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Reload;

/// <summary>A file that changes while the agent runs.</summary>
public sealed class ConfigReloadTests : IDisposable
{
    private const string Head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    private const string Own = "---\napiVersion: ebpflb.io/v1alpha1\nkind: EbpfLbConfiguration\n";

    private readonly TemporaryDirectory directory = new();
    private readonly CollectedLog log = new();
    private readonly AgentOptions options = new(LoadedConfig.Default, StartOptions.Of(LoadedConfig.Default));
    private readonly ConfigState state;
    private readonly ConfigReload reload;
    private string text = Head;

    public ConfigReloadTests()
    {
        state = new ConfigState(options);
        reload = new ConfigReload(
            () => ConfigText.Read(text, "config.yaml"), options, state, log.Loggers.CreateLogger("config"));
    }

    public void Dispose()
    {
        directory.Dispose();
        log.Dispose();
    }

    [Contract("13", "exits: another Node address, another podCIDR, a deleted Node, another file or kubeconfig: here without an exit")]
    [Fact]
    public void What_can_change_is_in_force_at_once_and_told_by_path()
    {
        var told = 0;
        options.Subscribe(() => told++);
        text = Head + "nodePortAddresses: [10.0.0.0/8]\nclusterCIDR: 10.1.0.0/16\nconntrack: "
            + "{udpTimeout: 9s}\nlogging: {verbosity: 5}\niptables: {syncPeriod: 7s}\n" + Own + "dropEvents: false\n";
        Assert.True(reload.Run());
        var now = Now;
        Assert.Equal(("10.0.0.0/8", "10.1.0.0/16", false),
            (now.Node.NodePortAddresses.ToString(), now.Node.Detector.ClusterCidrs[0].ToString(), now.Node.DropEvents));
        Assert.Equal((TimeSpan.FromSeconds(9), 5, TimeSpan.FromSeconds(7)), (now.Flows.Lifetimes.Udp, now.Verbosity, now.SyncPeriod));
        Assert.Equal(1, told);
        Assert.Single(log.Lines, l => l.Contains(
            "Configuration changed: applied=logging.verbosity, clusterCIDR, "
                + "nodePortAddresses, iptables.syncPeriod, conntrack.udpTimeout, ebpflb.io dropEvents",
            StringComparison.Ordinal));
        Assert.Empty(state.Warnings);
        Assert.Contains("\"clusterCIDR\": \"10.1.0.0/16\"", state.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_needs_a_restart_is_named_until_it_is_taken_back()
    {
        text = Head + "hostnameOverride: other\n" + Own + "sizes: {flows: 500}\n";
        Assert.True(reload.Run());
        Assert.Null(options.Config.EbpfLb.Sizes[TableSize.Flows]);
        Assert.Equal("", options.Config.KubeProxy.HostnameOverride);
        Assert.Single(
            log.Lines, l => l.Contains("in force only after a restart: hostnameOverride, ebpflb.io sizes.flows", StringComparison.Ordinal));
        Assert.Contains("hostnameOverride, ebpflb.io sizes.flows", Assert.Single(state.Warnings), StringComparison.Ordinal);
        text = Head;
        Assert.True(reload.Run());
        Assert.Empty(state.Warnings);
    }

    [Fact]
    public void A_file_that_cannot_be_used_changes_nothing_and_is_shown()
    {
        text = Head + "clusterCIDR: 10.1.0.0/16\n";
        reload.Run();
        text = Head + "clusterCIDR: everywhere\n";
        Assert.False(reload.Run());
        Assert.Equal("10.1.0.0/16", Now.Node.Detector.ClusterCidrs[0].ToString());
        Assert.Contains("clusterCIDR: 'everywhere' is not a range", Assert.Single(state.Warnings), StringComparison.Ordinal);
        Assert.Single(log.Lines, l => l.Contains("the one before stays in force", StringComparison.Ordinal));
        text = Head;
        Assert.True(reload.Run());
        Assert.Empty(state.Warnings);
    }

    [Fact]
    public void A_change_of_the_mode_waits_for_a_restart_with_all_that_follows_from_it()
    {
        const string Sections = "iptables: {masqueradeAll: true, syncPeriod: 10s, minSyncPeriod: "
            + "1s}\nnftables: {masqueradeAll: false, syncPeriod: 30s, minSyncPeriod: 3s}\n";
        text = Head + Sections;
        reload.Run();
        var before = Now;
        Assert.True(before.Node.MasqueradeAll);

        text = Head + "mode: nftables\n" + Sections;
        Assert.True(reload.Run());
        var now = Now;
        Assert.Equal(before.Node.ToString(), now.Node.ToString());
        Assert.Equal((before.SyncPeriod, before.MinSyncPeriod), (now.SyncPeriod, now.MinSyncPeriod));
        Assert.Equal(TimeSpan.FromSeconds(10), now.SyncPeriod);
        Assert.Contains("need a restart: mode", Assert.Single(state.Warnings), StringComparison.Ordinal);
        Assert.DoesNotContain("nftables\"", state.ToJson().Split("\"mode\"")[1].Split('\n')[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("iptables: {syncPeriod: 1ms}", "iptables.syncPeriod")]
    [InlineData("iptables: {syncPeriod: 300000h}\nconfigSyncPeriod: 9999999h", "configSyncPeriod")]
    public void A_period_that_makes_no_sense_is_refused_and_the_last_good_one_stays(string bad, string field)
    {
        text = Head + "iptables: {syncPeriod: 7s}\n";
        Assert.True(reload.Run());
        text = Head + bad + "\n";
        Assert.False(reload.Run());
        Assert.Equal(TimeSpan.FromSeconds(7), Now.SyncPeriod);
        Assert.Contains(field, Assert.Single(state.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_while_reading_changes_nothing_is_shown_and_has_its_stack_in_the_log()
    {
        var broken = new ConfigReload(() => throw new InvalidOperationException("a bug"), options, state,
            log.Loggers.CreateLogger("config"));
        Assert.False(broken.Run());
        Assert.Contains("a bug", Assert.Single(state.Warnings), StringComparison.Ordinal);
        Assert.Contains("ConfigReload.Run", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_between_reading_the_file_and_watching_it_is_noticed()
    {
        var file = directory.File("config.yaml");
        await File.WriteAllTextAsync(file, "two", TestContext.Current.CancellationToken);
        using var metrics = new MetricRegistry();
        var reloads = 0;
        using var watcher = new ConfigWatcher(
            file, "one", () => ++reloads > 0, new ConfigMetrics(metrics, DateTimeOffset.UnixEpoch), TimeProvider.System,
            log.Loggers.CreateLogger("watch"));
        await watcher.StartAsync(TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => reloads == 1);
        await watcher.StopAsync(TestContext.Current.CancellationToken);
    }

    [Contract("16", "kubeadm's ConfigMap: and the file that it mounts")]
    [Fact]
    public async Task A_ConfigMap_that_the_kubelet_swaps_is_noticed_and_counted()
    {
        // DIR/config.conf -> ..data/config.conf, DIR/..data -> ..1
        PutVersion("..1", "one");
        File.CreateSymbolicLink(directory.File("..data"), "..1");
        File.CreateSymbolicLink(directory.File("config.conf"), "..data/config.conf");
        List<string> read = [];
        using var metrics = new MetricRegistry();
        using var watcher = new ConfigWatcher(
            directory.File("config.conf"), "one", () => Read(read), new ConfigMetrics(metrics, DateTimeOffset.UnixEpoch),
            TimeProvider.System, log.Loggers.CreateLogger("watch"));
        await watcher.StartAsync(TestContext.Current.CancellationToken);

        PutVersion("..2", "two");
        File.CreateSymbolicLink(directory.File("..tmp"), "..2");
        // rename(2), which .NET does not do with links to directories.
        Assert.Equal(
            0, ChildProcess.Run(new ProcessPlace(null, null), "mv", "-T", directory.File("..tmp"), directory.File("..data")).ExitCode);
        await Waiting.UntilAsync(() => Count(read) == 1);
        Assert.Equal(["two"], read);
        await Waiting.UntilAsync(
            () => metrics.Text().Contains("ebpflb_config_reloads_total{result=\"applied\"} 1\n", StringComparison.Ordinal));
        Assert.Contains("ebpflb_config_good 1\n", metrics.Text(), StringComparison.Ordinal);

        await File.WriteAllTextAsync(directory.File("..2/config.conf"), "bad", TestContext.Current.CancellationToken);
        // Nothing is told of a file behind a link: the next look finds it, or an event of its directory.
        await File.WriteAllTextAsync(directory.File("touch"), "", TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => Count(read) == 2);
        await Waiting.UntilAsync(() => metrics.Text().Contains("ebpflb_config_good 0\n", StringComparison.Ordinal));
        await Waiting.UntilAsync(
            () => metrics.Text().Contains("ebpflb_config_reloads_total{result=\"refused\"} 1\n", StringComparison.Ordinal));
        await watcher.StopAsync(TestContext.Current.CancellationToken);
    }

    private LiveOptions Now => options.Live(o => o)();

    private bool Read(List<string> read)
    {
        var now = File.ReadAllText(directory.File("config.conf"));
        lock (read) read.Add(now);
        return now != "bad";
    }

    private static int Count(List<string> read)
    {
        lock (read) return read.Count;
    }

    private void PutVersion(string name, string content)
    {
        Directory.CreateDirectory(directory.File(name));
        File.WriteAllText(directory.File($"{name}/config.conf"), content);
    }
}
