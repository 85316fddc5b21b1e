using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Configuration;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>`ebpflb run --config FILE`.</summary>
public sealed class ConfigOptionTests : IDisposable
{
    private const string Proxy = """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        mode: ipvs
        hostnameOverride: from-file
        clusterCIDR: 10.244.0.0/16
        clientConnection: {kubeconfig: /from/file}
        ipvs: {syncPeriod: 20s, minSyncPeriod: 2s, scheduler: lc, strictARP: true}
        oomScoreAdj: -7
        metricsBindAddress: 127.0.0.1:7
        extra: 1

        """;

    private const string Own = "---\napiVersion: ebpflb.io/v1alpha1\nkind: "
        + "EbpfLbConfiguration\nalwaysSnat: true\nserveHealthz: false\nsizes: {flows: 770}\n";

    private readonly TestCommandLine line = new TestCommandLine().StopAtSource();
    private readonly TemporaryDirectory directory = new();

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Contract("10", "empty address: not served")]
    [Fact]
    public async Task Both_documents_of_a_file_arrive()
    {
        await RunAsync(Proxy + Own);
        Assert.Equal(("from-file", "/from/file"), (line.Seen!.NodeName, line.Seen.KubeConfig));
        Assert.Equal((TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(2)), (line.SeenLive!.SyncPeriod, line.SeenLive.MinSyncPeriod));
        Assert.Equal((true, 770), (line.SeenLive!.Node.AlwaysSnat, line.Seen.Sizes[TableSize.Flows]));
        Assert.Equal((null, "127.0.0.1:7"), (line.Seen.HealthzAddress, line.Seen.MetricsAddress!.ToString()));
        Assert.Equal([-7], line.OomScores);
        Assert.Contains("extra: the field is not known here", line.Error, StringComparison.Ordinal);
        Assert.Contains("ipvs.strictARP (", line.Error, StringComparison.Ordinal);
        Assert.Equal(Scheduler.LeastConnection, line.Seen.Scheduler);
    }

    [Contract("17", "beside --config: ignored with one warning, but logging and --hostname-override")]
    [Fact]
    public async Task Of_kube_proxys_options_only_those_it_names_count_beside_the_file_and_one_warning_names_the_others()
    {
        await RunAsync(
            Proxy, "--cluster-cidr", "10.0.0.0/8", "--proxy-mode=nftables", "--hostname-override", "Mine", "-v", "4", "--kubeconfig", "/k");
        Assert.Equal(("mine", 4, "/from/file", "10.244.0.0/16"),
            (line.Seen!.NodeName, line.SeenLive!.Verbosity, line.Seen.KubeConfig, line.SeenLive.Node.Detector.ClusterCidrs[0].ToString()));
        var warning = Assert.Single(line.Error.Split('\n'), l => l.Contains("do not count beside --config", StringComparison.Ordinal));
        foreach (var name in new[] { "--cluster-cidr", "--proxy-mode", "--kubeconfig" })
            Assert.Contains(name, warning, StringComparison.Ordinal);
        Assert.DoesNotContain("--hostname-override,", warning, StringComparison.Ordinal);
    }

    [Contract("17", "--master, --version: the API server's address; the version")]
    [Fact]
    public async Task Our_options_go_before_the_file()
    {
        await RunAsync(Proxy + Own, "--max-flows", "500", "--always-snat=false", "--sync-period", "9s", "--master", "https://m:1");
        Assert.Equal((500, false, TimeSpan.FromSeconds(9)),
            (line.Seen!.Sizes[TableSize.Flows], line.SeenLive!.Node.AlwaysSnat, line.SeenLive.SyncPeriod));
        Assert.Equal([new Uri("https://m:1")], line.Seen.ApiServers);
    }

    [Fact]
    public async Task A_file_that_cannot_be_used_ends_the_start_with_all_that_is_wrong()
    {
        Assert.Equal(1,
            await line.RunAsync("run", "--config",
                Write(Proxy.Replace("20s", "soon", StringComparison.Ordinal) + Own.Replace("770", "0", StringComparison.Ordinal))));
        Assert.Contains("kubeproxy.config.k8s.io: ipvs.syncPeriod: 'soon' is not a duration", line.Error, StringComparison.Ordinal);
        Assert.Contains("ebpflb.io: sizes.flows: 0 is not a number of map entries", line.Error, StringComparison.Ordinal);
        Assert.Null(line.Seen);
    }

    [Contract("17", "--write-config-to: writes what is in force, which can be read again")]
    [Fact]
    public async Task The_configuration_in_force_is_written_and_can_be_read_again()
    {
        var target = directory.File("out.yaml");
        Assert.Equal(0, await line.RunAsync("run", "--config", Write(Proxy + Own), "--max-flows", "500", "--write-config-to", target));
        var read = ConfigFile.Load(target);
        Assert.Equal(("ipvs", 500, true), (read.KubeProxy.Mode, read.EbpfLb.Sizes[TableSize.Flows], read.EbpfLb.AlwaysSnat));
        Assert.Null(line.Seen);
    }

    [Contract("13", "--cleanup, --init-only: remove all; prepare the node")]
    [Fact]
    public async Task Init_only_prepares_the_node_and_ends()
    {
        Assert.Equal(0, await line.RunAsync("run", "--init-only"));
        Assert.Equal((1, null), (line.Prepared, line.Seen));
        line.PrepareProblems = ["forwarding is off"];
        Assert.Equal(1, await line.RunAsync("run", "--init-only"));
        Assert.Contains("forwarding is off", line.Error, StringComparison.Ordinal);
    }

    [Contract("13", "--cleanup, --init-only: remove all; prepare the node")]
    [Contract("17", "--master, --version: the API server's address; the version")]
    [Fact]
    public async Task Cleanup_and_version_are_flags_too()
    {
        Assert.Equal(0, await line.RunAsync("run", "--cleanup", "--instance", "lab", "--run-dir", directory.Path));
        Assert.Equal(["lab"], line.Remover.Removed);
        Assert.Equal(0, await line.RunAsync("run", "--version"));
        Assert.Contains("ebpflb 0.", line.Output, StringComparison.Ordinal);
        Assert.Null(line.Seen);
    }

    [Contract("13", "oom score: set with a file or the flag")]
    [Fact]
    public async Task Without_a_file_the_OOM_score_is_left_alone_unless_it_is_given()
    {
        await line.RunAsync("run", "--run-dir", directory.Path);
        Assert.Empty(line.OomScores);
        await line.RunAsync("run", "--run-dir", directory.Path, "--oom-score-adj=-3");
        Assert.Equal([-3], line.OomScores);
    }

    private Task<int> RunAsync(string text, params string[] more)
        => line.RunAsync(["run", "--run-dir", directory.Path, "--config", Write(text), .. more]);

    private string Write(string text)
    {
        var path = directory.File("config.yaml");
        File.WriteAllText(path, text);
        return path;
    }
}
