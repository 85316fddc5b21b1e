using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;

namespace EbpfLb.Configuration.Output;

/// <summary>Configurations as JSON, with every field; what this writes the readers read.</summary>
public static class ConfigJson
{
    private static readonly JsonSerializerOptions Indented
        = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One object with both, by their API group: the form of kube-proxy's /configz, which has its own alone.</summary>
    public static string Write(LoadedConfig config)
        => new JsonObject(ConfigDocument.Both.Select(document
            => new KeyValuePair<string, JsonNode?>(document.Group, document.Write(config)))).ToJsonString(Indented);

    /// <summary>Reads what <see cref="Write(LoadedConfig)"/> wrote.</summary>
    /// <exception cref="ConfigException">It is not that.</exception>
    public static LoadedConfig Read(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is JsonObject both && both[KubeProxyConfiguration.Group] is { } proxy
                && both[EbpfLbConfiguration.Group] is { } own)
                return ConfigText.Read($"{proxy.ToJsonString()}\n{own.ToJsonString()}", "the answer");
        }
        // The others are what JsonNode throws for half of a surrogate pair and for a name that is there twice.
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Said below.
        }
        throw new ConfigException("the answer", [new ConfigProblem("", "", "it holds no configuration; is the agent of another version?")]);
    }

    /// <summary>Every value by its path: "conntrack.min" to its JSON.</summary>
    public static IReadOnlyDictionary<string, string> Flatten(JsonObject config)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        Flatten(config, "", all);
        return all;
    }

    /// <summary>Paths of fields with another value, in their order.</summary>
    public static IReadOnlyList<(string Group, string Path)> Differences(LoadedConfig a, LoadedConfig b)
        => [.. ConfigDocument.Both.SelectMany(document
            => Changed(document.Write(a), document.Write(b)).Select(path => (document.Group, path)))];

    private static IEnumerable<string> Changed(JsonObject a, JsonObject b)
    {
        var (before, now) = (Flatten(a), Flatten(b));
        return now.Where(field => before.GetValueOrDefault(field.Key) != field.Value).Select(field => field.Key);
    }

    private static void Flatten(JsonObject node, string prefix, Dictionary<string, string> all)
    {
        foreach (var (name, value) in node)
        {
            // Names of feature gates are not fields.
            if (value is JsonObject inner && name != "featureGates") Flatten(inner, $"{prefix}{name}.", all);
            else all[prefix + name] = value?.ToJsonString() ?? "null";
        }
    }
}
