using System.Globalization;
using YamlDotNet.RepresentationModel;
using static EbpfLb.E2E.Deployment.KubernetesBase;

namespace EbpfLb.E2E.Deployment;

/// <summary>Objects of a file of deploy/rendered.</summary>
internal static class RenderedObjects
{
    public static List<YamlMappingNode> Read(string path)
    {
        var stream = new YamlStream();
        using var text = File.OpenText(path);
        stream.Load(text);
        return [.. stream.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>()];
    }

    public static YamlMappingNode Single(List<YamlMappingNode> objects, string kind)
        => Assert.Single(objects, o => Text(o, "kind") == kind);

    public static YamlMappingNode TemplateOf(List<YamlMappingNode> objects) => Map(Map(Single(objects, "DaemonSet"), "spec"), "template");

    public static YamlMappingNode PodOf(List<YamlMappingNode> objects) => Map(TemplateOf(objects), "spec");

    /// <summary>The same text for the same meaning: keys in order, each value with its type.</summary>
    public static string Canonical(YamlNode node) => node switch
    {
        YamlMappingNode map => $"{{{string.Join(", ",
            map.Children.OrderBy(c => c.Key.ToString(), StringComparer.Ordinal).Select(c => $"{c.Key}: {Canonical(c.Value)}"))}}}",
        YamlSequenceNode list => $"[{string.Join(", ", list.Children.Select(Canonical))}]",
        _ => Value(node) switch
        {
            null => "null",
            string text => $"\"{text}\"",
            var value => string.Create(CultureInfo.InvariantCulture, $"{value}"),
        },
    };

    /// <summary>null, a bool, a long or a string, as helm reads YAML: "off" without quotes is false.</summary>
    public static object? Value(YamlNode node)
    {
        var scalar = (YamlScalarNode)node;
        if (scalar.Style is not YamlDotNet.Core.ScalarStyle.Plain) return scalar.Value;
        return scalar.Value switch
        {
            null or "" or "null" or "~" => null,
            "true" or "on" or "yes" => true,
            "false" or "off" or "no" => false,
            var text => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : text,
        };
    }
}
