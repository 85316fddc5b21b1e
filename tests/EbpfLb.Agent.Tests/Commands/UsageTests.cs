using System.Net;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Configuration.Own;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class UsageTests : IDisposable
{
    private readonly TestCommandLine line = new TestCommandLine().StopAtSource();
    private readonly TemporaryDirectory directory = new();

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task All_wrong_values_are_reported_together()
    {
        Assert.Equal(2, await line.RunAsync(
            "run", "--instance", "a.b", "--healthz-bind-address", "nowhere", "--min-sync-period", "5 minutes", "--log-format", "xml",
            "--max-backends", "0", "--api-server", "10.0.0.1"));
        Assert.Contains("--instance: 'a.b' is not an instance name", line.Error);
        Assert.Contains("--healthz-bind-address: 'nowhere' is not an address to listen on", line.Error);
        Assert.Contains("--min-sync-period: '5 minutes' is not a duration", line.Error);
        Assert.Contains("--log-format: 'xml' is none of its values; give text or json", line.Error);
        Assert.Contains("--max-backends: 0 is not a number of map entries", line.Error);
        Assert.Contains("--api-server: '10.0.0.1' is not an address of a server", line.Error);
        Assert.Contains("See `ebpflb run --help`.", line.Error);
        Assert.Null(line.Seen);
    }

    [Fact]
    public async Task Two_sources_exclude_each_other()
    {
        Assert.Equal(2, await line.RunAsync("run", "--manifests", "/m", "--kubeconfig", "/k", "--api-server", "https://a:6443"));
        Assert.Contains("--manifests and --kubeconfig exclude each other", line.Error);
        Assert.Contains("--api-server: excludes manifests: the cluster's state has one source", line.Error);
    }

    [Theory]
    [InlineData("walk")]
    [InlineData("run", "--unknown")]
    [InlineData("services", "-o", "xml")]
    [InlineData("cleanup", "extra")]
    public async Task What_is_not_understood_ends_with_2(params string[] args)
    {
        Assert.Equal(2, await line.RunAsync(args));
        Assert.NotEqual("", line.Error);
    }

    [Theory]
    [InlineData("did you mean --output?", "services", "--outpt", "json")]
    [InlineData("'statsu' is no command; did you mean status?", "statsu")]
    [InlineData("'--instance' is no option here; give a command first, one of plan, run, rollback", "migrate", "--instance", "a")]
    [InlineData("'--instance' is no option here; give a command first, one of", "conntrack", "--instance", "a")]
    [InlineData("'service' is no command; did you mean services?", "service", "default/web")]
    [InlineData("'nosuch' is no command; give one of run, status, services, ", "nosuch")]
    [InlineData("'lst' is no command; did you mean list?", "conntrack", "lst")]
    [InlineData("did you mean --instance?", "status", "--instanc", "lab")]
    public async Task What_was_meant_is_suggested(string message, params string[] args)
    {
        Assert.Equal(2, await line.RunAsync(args));
        Assert.Contains(message, line.Error);
        Assert.DoesNotContain("Required command was not provided", line.Error);
    }

    [Fact]
    public async Task The_version_is_the_same_wherever_it_is_asked_for()
    {
        Assert.Equal(0, await line.RunAsync("--version"));
        var version = line.Output;
        Assert.Equal(0, await line.RunAsync("version"));
        Assert.Equal(version + version, line.Output);
    }

    [Fact]
    public async Task The_environment_names_the_instance_of_run_before_a_file_does()
    {
        line.Environment["EBPFLB_INSTANCE"] = "lab";
        line.Environment["EBPFLB_RUN_DIR"] = directory.Path;
        var file = directory.File("config.yaml");
        await File.WriteAllTextAsync(
            file, "apiVersion: ebpflb.io/v1alpha1\nkind: EbpfLbConfiguration\ninstance: filed\n", TestContext.Current.CancellationToken);
        Assert.Equal(1, await line.RunAsync("run", "--config", file));
        Assert.Equal(("lab", directory.Path), (line.Seen!.Instance.Name, line.Seen.Instance.RunDirectory));
        Assert.Equal(1, await line.RunAsync("run", "--config", file, "--instance", "given"));
        Assert.Equal("given", line.Seen.Instance.Name);
    }

    [Fact]
    public async Task Manifests_that_are_not_there_end_the_start()
    {
        line.OpenSource = (options, loggers) => SourceOpener.Open(options.Start, TimeProvider.System, loggers);
        Assert.Equal(1, await line.RunAsync("run", "--run-dir", directory.Path, "--manifests", "/nonexistent/dir"));
        Assert.Contains("--manifests /nonexistent/dir: there is no such file or directory", line.Error);
    }

    [Fact]
    public async Task Defaults_are_those_of_kube_proxy()
    {
        Assert.Equal(1, await line.RunAsync("run", "--run-dir", directory.Path));
        Assert.NotNull(line.Seen);
        Assert.Equal("default", line.Seen.Instance.Name);
        Assert.Equal(Dns.GetHostName().ToLowerInvariant(), line.Seen.NodeName);
        Assert.Equal(new IPEndPoint(IPAddress.Any, 10256), line.Seen.HealthzAddress);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 10249), line.Seen.MetricsAddress);
        Assert.Equal(TimeSpan.Zero, line.SeenLive!.MinSyncPeriod);
        Assert.Equal(TimeSpan.FromSeconds(30), line.SeenLive.SyncPeriod);
        Assert.Equal(LogFormat.Text, line.Seen.LogFormat);
        Assert.Equal(new SizesSection(), line.Seen.Sizes);
        Assert.Equal(FlowOptions.Default, line.SeenLive.Flows);
        Assert.Null(line.Seen.Manifests);
    }

    [Fact]
    public async Task Every_option_arrives()
    {
        Assert.Equal(1, await line.RunAsync(
            "run", "--run-dir", directory.Path, "--instance", "lab", "--cgroup-root", "/cg", "--bpffs", "/bpf", "--node-name", " Node-A ",
            "--kubeconfig", "/k", "--api-server", "https://a:6443", "--api-server", "https://b:6443", "--healthz-bind-address", "",
            "--metrics-bind-address", "[::1]:9000", "--min-sync-period", "1m30s", "--sync-period", "5m", "--log-format", "json", "-v", "4",
            "--max-services", "1", "--max-frontends", "2", "--max-backends", "3", "--max-slots", "4", "--max-maglev-places", "40",
            "--max-affinity", "5",
            "--conntrack-tcp-timeout-established", "2h", "--conntrack-tcp-timeout-close-wait", "10m", "--conntrack-udp-timeout", "0",
            "--conntrack-udp-timeout-stream", "3m", "--conntrack-sweep-cpu", "12.5"));
        Assert.NotNull(line.Seen);
        Assert.Equal(new InstanceOptions("lab", "/cg", "/bpf", directory.Path), line.Seen.Instance);
        Assert.Equal("node-a", line.Seen.NodeName);
        Assert.Equal("/k", line.Seen.KubeConfig);
        Assert.Equal([new Uri("https://a:6443"), new Uri("https://b:6443")], line.Seen.ApiServers);
        Assert.Null(line.Seen.HealthzAddress);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 9000), line.Seen.MetricsAddress);
        Assert.Equal(TimeSpan.FromSeconds(90), line.SeenLive!.MinSyncPeriod);
        Assert.Equal(TimeSpan.FromMinutes(5), line.SeenLive.SyncPeriod);
        Assert.Equal(LogFormat.Json, line.Seen.LogFormat);
        Assert.Equal(4, line.SeenLive.Verbosity);
        Assert.Equal(new int?[] { 1, 2, 3, 4, 40, 5, null }, Enum.GetValues<TableSize>().Take(7).Select(size => line.Seen.Sizes[size]));
        Assert.Equal(0.125, line.SeenLive.Flows.SweepShare);
        Assert.Equal(
            new FlowLifetimes
            {
                Established = TimeSpan.FromHours(2), Closing = TimeSpan.FromMinutes(10), UdpStream = TimeSpan.FromMinutes(3),
            }, line.SeenLive.Flows.Lifetimes);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("status")]
    [InlineData("services")]
    [InlineData("backends")]
    [InlineData("conntrack")]
    [InlineData("drops")]
    [InlineData("cleanup")]
    [InlineData("migrate")]
    [InlineData("config")]
    [InlineData("version")]
    public async Task Help_shows_examples_and_exit_codes(string command)
    {
        Assert.Equal(0, await line.RunAsync(command, "--help"));
        Assert.Contains($"Examples:\n  ebpflb {command}", line.Output);
        Assert.Contains("Exit codes: 0 done", line.Output);
    }

    [Fact]
    public async Task The_general_help_lists_the_commands()
    {
        Assert.Equal(0, await line.RunAsync("--help"));
        foreach (var command in new[] { "run", "status", "services", "backends", "conntrack", "drops", "cleanup", "version" })
            Assert.Contains($"\n  {command}", line.Output);
    }

    [Fact]
    public async Task Version_is_told_to_people_and_machines()
    {
        Assert.Equal(0, await line.RunAsync("version"));
        Assert.StartsWith("ebpflb 0.", line.Output);
        Assert.Equal(0, await line.RunAsync("version", "-o", "json"));
        Assert.Contains("{\"version\":\"0.", line.Output);
    }
}
