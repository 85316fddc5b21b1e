using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The part of JSON Schema that values.schema.json of the chart uses; a keyword beyond that fails. What helm itself says of it is
/// tried by `make chart`.
/// </summary>
internal sealed class ValuesSchema(JsonElement root)
{
    private static readonly string[] Notes = ["$schema", "title", "description", "definitions"];

    /// <summary>Paths of what is refused, as "/image/tag"; of a missing or unknown key that of the key.</summary>
    public IEnumerable<string> Refused(YamlNode values) => Refused(values, root, "");

    private IEnumerable<string> Refused(YamlNode node, JsonElement schema, string path)
    {
        if (schema.ValueKind == JsonValueKind.False) return [path];
        return schema.EnumerateObject().Where(k => !Notes.Contains(k.Name)).SelectMany(k => Check(node, schema, k, path));
    }

    private IEnumerable<string> Check(YamlNode node, JsonElement schema, JsonProperty keyword, string path)
    {
        var map = node as YamlMappingNode;
        var list = node as YamlSequenceNode;
        var rule = keyword.Value;
        return keyword.Name switch
        {
            "$ref" => Refused(node, root.GetProperty("definitions").GetProperty(rule.GetString()!.Split('/')[^1]), path),
            "type" => Unless(TypesOf(rule).Contains(TypeOf(node)), path),
            "enum" => Unless(rule.EnumerateArray().Any(e => e.ToString() == ScalarText(node) && IsText(e) == IsText(node)), path),
            "pattern" => Unless(!IsText(node) || Regex.IsMatch(ScalarText(node), rule.GetString()!, RegexOptions.None,
                TimeSpan.FromSeconds(1)), path),
            "minLength" => Unless(!IsText(node) || ScalarText(node).Length >= rule.GetInt32(), path),
            "minimum" => Unless(NumberOf(node) is not { } number || number >= rule.GetInt64(), path),
            "maximum" => Unless(NumberOf(node) is not { } number || number <= rule.GetInt64(), path),
            "minItems" => Unless(list is null || list.Children.Count >= rule.GetInt32(), path),
            "items" => list is null ? [] : list.Children.SelectMany((c, i) => Refused(c, rule, $"{path}/{i}")),
            "required" => map is null ? [] : rule.EnumerateArray().Select(r => r.GetString()!)
                .Where(r => !map.Children.ContainsKey(r)).Select(r => $"{path}/{r}"),
            "properties" => map is null ? [] : map.Children.Where(c => rule.TryGetProperty(c.Key.ToString(), out _))
                .SelectMany(c => Refused(c.Value, rule.GetProperty(c.Key.ToString()), $"{path}/{c.Key}")),
            "additionalProperties" => map is null ? [] : map.Children.Where(c => !IsNamed(schema, c.Key.ToString()))
                .SelectMany(c => Refused(c.Value, rule, $"{path}/{c.Key}")),
            _ => throw new NotSupportedException($"{path}: the keyword {keyword.Name}"),
        };
    }

    private static bool IsNamed(JsonElement schema, string key)
        => schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(key, out _);

    private static string[] Unless(bool holds, string path) => holds ? [] : [path];

    private static IEnumerable<string> TypesOf(JsonElement rule)
        => rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Select(t => t.GetString()!) : [rule.GetString()!];

    private static string TypeOf(YamlNode node) => node switch
    {
        YamlMappingNode => "object",
        YamlSequenceNode => "array",
        _ => RenderedObjects.Value(node) switch { null => "null", bool => "boolean", long => "integer", _ => "string" },
    };

    private static bool IsText(YamlNode node) => TypeOf(node) == "string";

    private static bool IsText(JsonElement element) => element.ValueKind == JsonValueKind.String;

    private static string ScalarText(YamlNode node)
        => node is YamlScalarNode ? string.Create(CultureInfo.InvariantCulture, $"{RenderedObjects.Value(node)}") : "";

    private static long? NumberOf(YamlNode node) => node is YamlScalarNode && RenderedObjects.Value(node) is long number ? number : null;
}
