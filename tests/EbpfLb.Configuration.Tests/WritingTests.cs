using System.Text.Json.Nodes;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Output;
using EbpfLb.Configuration.Own;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Configuration.Tests;

/// <summary>What is written is read as the same, and nothing is missing from the catalogue.</summary>
public sealed class WritingTests
{
    private static LoadedConfig Changed { get; } = new(
        new KubeProxyConfiguration
        {
            Mode = "nftables", HostnameOverride = "n-1", NodePortAddresses = ["primary", "fd00::/8"], ClusterCidr = "10.0.0.0/8,fd00::/48",
                OomScoreAdj = -1,
            FeatureGates = [new("A", true), new("B", false)], Logging = new() { Vmodule = [new("x*", 3)], Format = "json" },
            Ipvs = new() { ExcludeCidrs = ["10.0.0.0/8"], UdpTimeout = TimeSpan.FromSeconds(1.5) }, DetectLocal = new("br \"0\"", "on"),
            ClientConnection = new() { Qps = 0.5, Kubeconfig = "/k: v" },
        },
        new EbpfLbConfiguration
        {
            Instance = "lab", ApiServers = ["https://[::1]:6443"], SyncPeriod = TimeSpan.FromMinutes(1),
                Devices = new() { Uplinks = ["eth*", "bond+"] },
            Flows = new() { Udp = TimeSpan.FromSeconds(7), SweepCpuPercent = 0.5 }, Sizes = new() { [TableSize.Flows] = 1000 },
                DropEvents = false, ServiceMetrics = 50,
        },
        []);

    /// <summary>A number is nanoseconds, as Go has them; a time of ours has 100 of them at least.</summary>
    [Fact]
    public void A_time_of_a_few_nanoseconds_reads_again_as_itself()
    {
        var config = ConfigText.Read(
            "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nlogging: {flushFrequency: 53}\n", "file");

        Assert.Equal(TimeSpan.FromTicks(1), config.KubeProxy.Logging.FlushFrequency);
        Assert.Empty(ConfigJson.Differences(config, ConfigText.Read(ConfigYaml.Write(config))));
    }

    [Fact]
    public void Yaml_is_read_as_what_it_was_written_from()
    {
        foreach (var config in new[] { LoadedConfig.Default, Changed })
        {
            foreach (var withComments in new[] { false, true })
            {
                var read = ConfigText.Read(ConfigYaml.Write(config, withComments));
                Assert.Equal((config.KubeProxy, config.EbpfLb), (read.KubeProxy, read.EbpfLb));
                Assert.Empty(read.Warnings);
            }
        }
    }

    [Fact]
    public void Json_is_read_as_what_it_was_written_from()
    {
        var read = ConfigJson.Read(ConfigJson.Write(Changed));
        Assert.Equal((Changed.KubeProxy, Changed.EbpfLb), (read.KubeProxy, read.EbpfLb));
        Assert.Throws<ConfigException>(() => ConfigJson.Read("{}"));
        Assert.Throws<ConfigException>(() => ConfigJson.Read("not"));
    }

    [Contract("16", "every field: is read, written, documented, and means what the table of configuration says")]
    [Fact]
    public void Every_value_of_the_configurations_has_a_row_and_is_written()
    {
        Assert.Equal(Sorted(ValuesOf(typeof(KubeProxyConfiguration))), Sorted(PathsOf(KubeProxyConfiguration.Group)),
            StringComparer.OrdinalIgnoreCase);
        Assert.Equal(
            Sorted([.. ValuesOf(typeof(EbpfLbConfiguration)), .. Enum.GetValues<TableSize>().Select(size => $"sizes.{size.Field()}")]),
            Sorted(PathsOf(EbpfLbConfiguration.Group)), StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void Differences_are_named_by_path()
    {
        var other = LoadedConfig.Default with
        {
            KubeProxy = new() { Conntrack = new() { Min = 1 }, FeatureGates = [new("A", true)] },
            EbpfLb = new() { Sizes = new() { [TableSize.Flows] = 5 } },
        };
        Assert.Equal(
            [(KubeProxyConfiguration.Group, "conntrack.min"), (KubeProxyConfiguration.Group, "featureGates"),
                (EbpfLbConfiguration.Group, "sizes.flows")],
            ConfigJson.Differences(LoadedConfig.Default, other));
        Assert.Empty(ConfigJson.Differences(other, other));
    }

    [Fact]
    public void The_defaults_say_what_each_field_does()
    {
        var text = ConfigYaml.Write(LoadedConfig.Default, withComments: true);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(l => !l.EndsWith(':') && !l.StartsWith("---", StringComparison.Ordinal)))
            Assert.True(line.Contains("  # ", StringComparison.Ordinal) || line.StartsWith("apiVersion", StringComparison.Ordinal)
                || line.StartsWith("kind", StringComparison.Ordinal), line);
    }

    private static IEnumerable<string> Sorted(IEnumerable<string> paths) => paths.Order(StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> PathsOf(string group)
        => ConfigJson.Flatten(JsonNode.Parse(ConfigJson.Write(LoadedConfig.Default))![group]!.AsObject()).Keys
        .Where(path => path is not ("apiVersion" or "kind"));

    /// <summary>Paths of what can be set, but for the case of their letters; sizes are not properties.</summary>
    private static IEnumerable<string> ValuesOf(Type type) => type.GetProperties()
        .Where(p => p.CanWrite && p.GetIndexParameters().Length == 0)
        .SelectMany(p => p.PropertyType.IsClass && p.PropertyType.Assembly == type.Assembly
            ? ValuesOf(p.PropertyType).Select(inner => $"{SectionOf(p.Name)}.{inner}")
            : [p.Name]);

    private static string SectionOf(string property) => property switch
    {
        nameof(LoggingSection.TextOptions) => "options.text",
        nameof(LoggingSection.JsonOptions) => "options.json",
        _ => property,
    };
}
