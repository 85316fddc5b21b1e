using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.Output;
using EbpfLb.Configuration;
using EbpfLb.Policy;
using EbpfLb.Testing.Configurations;

namespace EbpfLb.Agent.Tests.Hosting;

/// <summary>A running agent whose file changes in every field.</summary>
public sealed class ChangedFileTests
{
    /// <summary>The node here would be changed.</summary>
    private const string Sysctls = "setSysctls";

    [Fact]
    public async Task Hot_fields_are_in_force_and_have_their_effect_and_the_others_wait_for_a_restart()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("config.yaml");
        var start = LoadedConfig.Default with
        {
            KubeProxy = new() { HealthzBindAddress = "127.0.0.1:0", MetricsBindAddress = "127.0.0.1:0" },
        };
        await File.WriteAllTextAsync(file, ConfigYaml.Write(start), TestContext.Current.CancellationToken);
        await using var agent = await RunningAgent.StartAsync("--config", file);
        agent.ApplyNode();
        await Waiting.UntilAsync(() => agent.Dataplane.NodeState is not null);
        var before = await ConfigurationOf(agent);
        Assert.DoesNotContain("ebpflb_service_ports{", await PageOf(agent, "/metrics"), StringComparison.Ordinal);

        var rows = ConfigDocument.Both.SelectMany(d => d.Rows).Where(row => row.Note.Path != Sysctls).ToList();
        var other = ConfigText.Read(OtherConfiguration.Text);
        var wanted = rows.Aggregate(start, (config, row) => row.Take(config, other));
        await File.WriteAllTextAsync(file, ConfigYaml.Write(wanted), TestContext.Current.CancellationToken);
        await agent.UntilLogAsync("Configuration changed: applied=");

        Assert.Equal(PathsOf(rows, FieldChange.Hot),
            ConfigJson.Differences(before, await ConfigurationOf(agent)).Select(f => f.Path).Order(StringComparer.Ordinal));
        await agent.UntilLogAsync("in force only after a restart: mode, ");
        await Waiting.UntilAsync(() => agent.Dataplane.NodeState!.Settings is
        {
            AlwaysSnat: true, HostSocketsOnly: true, ProtectNodePorts: true, MasqueradeAll: true, DetectByDevice: true, Events: false,
        } settings && settings.SnatPorts == new PortRange(40000, 41000));
        Assert.Contains("Verbosity: 3\n", await PageOf(agent, "/statusz"), StringComparison.Ordinal);
        Assert.Contains("ebpflb_service_ports{", await PageOf(agent, "/metrics"), StringComparison.Ordinal);
    }

    private static IEnumerable<string> PathsOf(IEnumerable<FieldRow> rows, FieldChange change)
        => rows.Select(row => row.Note).Where(note => note.Change == change).Select(note => note.Path).Order(StringComparer.Ordinal);

    private static async Task<LoadedConfig> ConfigurationOf(RunningAgent agent) => ConfigJson.Read(await PageOf(agent, "/configz"));

    private static async Task<string> PageOf(RunningAgent agent, string path) => (await agent.GetAsync("metrics", path)).Body;
}
