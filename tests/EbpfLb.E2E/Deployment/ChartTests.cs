using System.Security.Cryptography;
using System.Text.Json;
using EbpfLb.Testing.Processes;
using YamlDotNet.RepresentationModel;
using static EbpfLb.E2E.Deployment.KubernetesBase;
using static EbpfLb.E2E.Deployment.RenderedObjects;

namespace EbpfLb.E2E.Deployment;

/// <summary>The Helm chart of deploy/chart, by what `make chart` had helm make of it.</summary>
public sealed class ChartTests
{
    private static readonly string[] Labels =
    [
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart",
    ];

    /// <summary>The defaults for an API server that lacks what came with 1.30.</summary>
    private const string Old = "kubernetes-1.29";

    private static string Deploy { get; } = Path.Combine(RepositoryPaths.Root, "deploy");

    private static string Chart { get; } = Path.Combine(Deploy, "chart");

    private static string Rendered { get; } = Path.Combine(Deploy, "rendered", "chart");

    public static TheoryData<string> Platforms
        => [.. System.IO.Directory.EnumerateDirectories(Path.Combine(Deploy, "overlays")).Select(d => Path.GetFileName(d)).Order()];

    public static TheoryData<string> AllRendered => ["default", "every", Old, .. Platforms.Select(p => p.Data)];

    public static TheoryData<string> Wrong
        => [.. System.IO.Directory.EnumerateFiles(Path.Combine(Chart, "ci", "refused")).Select(f => Path.GetFileName(f)).Order()];

    [Fact]
    public void What_was_rendered_is_of_what_is_there_now()
    {
        var files = System.IO.Directory.EnumerateFiles(Chart, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        var sum = Convert.ToHexStringLower(SHA256.HashData(files.SelectMany(File.ReadAllBytes).ToArray()));

        Assert.Equal(
            AllRendered.Select(r => $"{r.Data}.yaml").Order(StringComparer.Ordinal),
            System.IO.Directory.EnumerateFiles(Rendered).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        Assert.All(System.IO.Directory.EnumerateFiles(Rendered), f => Assert.Equal(sum, File.ReadLines(f).First().Split(' ')[^1]));
        // The chart has a copy of the alerts, as helm reads no file outside of a chart.
        Assert.Equal(
            File.ReadAllText(Path.Combine(Deploy, "prometheus", "rules.yaml")),
            File.ReadAllText(Path.Combine(Chart, "files", "rules.yaml")));
    }

    [Theory]
    [MemberData(nameof(Platforms))]
    public void Of_a_platform_it_makes_the_objects_of_the_overlay(string platform)
        => AssertSame(Path.Combine(Deploy, "rendered", $"{platform}.yaml"), Path.Combine(Rendered, $"{platform}.yaml"));

    [Fact]
    public void With_its_defaults_it_makes_the_objects_of_the_base()
        => AssertSame(Path.Combine(Deploy, "rendered", "base.yaml"), Path.Combine(Rendered, "default.yaml"));

    [Theory]
    [MemberData(nameof(AllRendered))]
    public void Its_configuration_is_one_that_the_agent_accepts(string name)
    {
        var said = AssertAccepted(ConfigOf(RenderedObjects.Read(Path.Combine(Rendered, $"{name}.yaml"))));

        Assert.DoesNotContain("warning", said, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Every_setting_arrives_where_it_belongs()
    {
        var values = (YamlMappingNode)Load(Path.Combine(Chart, "ci", "every-values.yaml"));
        var objects = RenderedObjects.Read(Path.Combine(Rendered, "every.yaml"));
        var pod = PodOf(objects);
        var container = (YamlMappingNode)Assert.Single(Items(pod, "containers"));

        // Each value of the chart is tried with another one than its default.
        Assert.All(((YamlMappingNode)Load(Path.Combine(Chart, "values.yaml"))).Children,
            d => Assert.NotEqual(Canonical(d.Value), Canonical(values.Children[d.Key])));
        foreach (var key in (string[])["priorityClassName", "tolerations", "affinity"])
            Assert.Equal(Canonical(values.Children[key]), Canonical(pod.Children[key]));
        Assert.Equal("ebpflb", Text(Map(pod, "nodeSelector"), "proxy"));
        Assert.Equal(Canonical(Map(values, "resources")), Canonical(Map(container, "resources")));
        Assert.Equal("Always", Text(container, "imagePullPolicy"));
        Assert.Equal($"registry.test/proxy/ebpflb@{Text(Map(values, "image"), "digest")}", Text(container, "image"));
        Assert.Equal(["--owner-wait=45s", "--drop-events=false"], Items(container, "args").Select(a => a.ToString()).TakeLast(2));
        Assert.All(["readinessProbe", "livenessProbe"], p => Assert.Equal(
            ("10.0.0.5", "10356"),
            (Text(Map(Map(container, p), "httpGet"), "host"), Text(Map(Map(container, p), "httpGet"), "port"))));
        Assert.Equal("OnDelete", Text(Map(Map(Single(objects, "DaemonSet"), "spec"), "updateStrategy"), "type"));
        Assert.Equal("90", Text(Map(Single(objects, "DaemonSet"), "spec"), "minReadySeconds"));
        var template = Map(TemplateOf(objects), "metadata");
        Assert.Equal(Canonical(Map(values, "podAnnotations")), Canonical(Map(template, "annotations")));
        Assert.Equal("network", Text(Map(template, "labels"), "team"));

        // Of the Prometheus operator: the port that the agent listens on, and the alerts.
        var service = Single(objects, "Service");
        Assert.Equal("10349", Text((YamlMappingNode)Assert.Single(Items(Map(service, "spec"), "ports")), "port"));
        Assert.Equal("ebpflb", Text(Map(Map(service, "metadata"), "labels"), "k8s-app"));
        Assert.Equal(
            Canonical(Map(Map(Single(objects, "DaemonSet"), "spec"), "selector")),
            Canonical(Map(Map(Single(objects, "ServiceMonitor"), "spec"), "selector")));
        Assert.Equal(
            Canonical(Load(Path.Combine(Deploy, "prometheus", "rules.yaml"))),
            Canonical(Map(Single(objects, "PrometheusRule"), "spec")));
        foreach (var asking in (YamlMappingNode[])
            [Map(pod, "securityContext"), Map(Single(objects, "SecurityContextConstraints"), "seLinuxContext")])
            Assert.Equal(Canonical(Map(values, "seLinuxOptions")), Canonical(Map(asking, "seLinuxOptions")));
    }

    [Theory]
    [MemberData(nameof(AllRendered))]
    public void The_schema_accepts(string name)
    {
        var file = name == "every" ? Path.Combine(Chart, "ci", "every-values.yaml") : Path.Combine(Chart, "values", $"{name}.yaml");
        var values = name is "default" or Old ? new YamlMappingNode() : Load(file);
        // Where it differs for everybody, who installs gives it.
        if (!((YamlMappingNode)values).Children.ContainsKey("apiServers"))
            ((YamlMappingNode)values).Add("apiServers", new YamlSequenceNode(new YamlScalarNode("https://10.0.0.1:6443")));

        Assert.Equal([], Schema().Refused(WithDefaults(values)));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void The_schema_refuses(string file)
    {
        var path = Path.Combine(Chart, "ci", "refused", file);
        var expected = File.ReadLines(path).First()["# ".Length..];

        var refused = Assert.Single(Schema().Refused(WithDefaults(Load(path))));

        // Of an unknown key the message of helm has the name.
        Assert.True(refused == expected || refused.EndsWith($"/{expected}", StringComparison.Ordinal), $"{refused} for {expected}");
    }

    private static void AssertSame(string overlay, string chart)
    {
        var expected = RenderedObjects.Read(overlay);
        var actual = RenderedObjects.Read(chart);
        Assert.Equal(ConfigDocuments(ConfigOf(expected)), ConfigDocuments(ConfigOf(actual)));
        foreach (var labels in actual.Select(o => Map(Map(o, "metadata"), "labels")))
        {
            Assert.Equal("ebpflb", Text(labels, "app.kubernetes.io/name"));
            Assert.Equal("Helm", Text(labels, "app.kubernetes.io/managed-by"));
        }

        // The overlay's ConfigMap has a name of its content; in place of that the chart's pods have a sum of it.
        var name = Text(Map(Single(expected, "ConfigMap"), "metadata"), "name");
        var annotations = Map(Map(TemplateOf(actual), "metadata"), "annotations");
        Assert.Equal("checksum/config", Assert.Single(annotations.Children.Keys).ToString());
        Map(TemplateOf(actual), "metadata").Children.Remove("annotations");
        Assert.Equal(
            expected.Select(o => Plain(o).Replace(name, "ebpflb", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            actual.Select(Plain).Order(StringComparer.Ordinal));
    }

    /// <summary>Without what was compared before: the configuration and labels of the object itself.</summary>
    private static string Plain(YamlMappingNode item)
    {
        var metadata = Map(item, "metadata");
        if (metadata.Children.TryGetValue("labels", out var labels))
            Assert.Equal([], ((YamlMappingNode)labels).Children.Keys.Select(k => k.ToString()).Except(Labels));
        metadata.Children.Remove("labels");
        // It has none: kustomize, which does not know the kind, gives it one all the same.
        if (Text(item, "kind") == "SecurityContextConstraints") metadata.Children.Remove("namespace");
        item.Children.Remove("data");
        return Canonical(item);
    }

    private static string ConfigOf(List<YamlMappingNode> objects) => Text(Map(Single(objects, "ConfigMap"), "data"), "config.yaml");

    private static IEnumerable<string> ConfigDocuments(string config)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(config));
        return stream.Documents.Select(d => Canonical(d.RootNode));
    }

    private static ValuesSchema Schema()
        => new(JsonDocument.Parse(File.ReadAllText(Path.Combine(Chart, "values.schema.json"))).RootElement);

    private static YamlMappingNode WithDefaults(YamlNode values)
        => Merge((YamlMappingNode)Load(Path.Combine(Chart, "values.yaml")), (YamlMappingNode)values);

    private static YamlMappingNode Merge(YamlMappingNode defaults, YamlMappingNode values)
    {
        foreach (var (key, value) in values.Children)
        {
            defaults.Children[key] = value is YamlMappingNode over && defaults.Children.TryGetValue(key, out var under)
                && under is YamlMappingNode map ? Merge(map, over) : value;
        }
        return defaults;
    }

    private static YamlNode Load(string path)
    {
        var stream = new YamlStream();
        using var text = File.OpenText(path);
        stream.Load(text);
        return stream.Documents[0].RootNode;
    }
}
