extern alias full;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using full::k8s;
using full::k8s.Models;
using YamlDotNet.RepresentationModel;
using static EbpfLb.E2E.Deployment.KubernetesBase;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The types of KubernetesClient, which are generated from the OpenAPI document that Kubernetes publishes, as a schema of manifests:
/// unknown fields are refused, as are values of another type. Fields that the API requires, values of an enum and ranges are not in them.
/// </summary>
internal static class ApiModels
{
    private static readonly Dictionary<string, Type> Types = typeof(V1Service).Assembly.GetTypes()
        .Select(type => (Type: type, Entity: type.GetCustomAttribute<KubernetesEntityAttribute>()))
        .Where(t => t.Entity is { Kind.Length: > 0 } && !t.Type.Name.EndsWith("List", StringComparison.Ordinal))
        .GroupBy(t => $"{(t.Entity!.Group is { Length: > 0 } group ? $"{group}/" : "")}{t.Entity.ApiVersion} {t.Entity.Kind}")
        .ToDictionary(types => types.Key, types => types.First().Type);

    static ApiModels() => KubernetesJson.AddJsonOptions(options =>
    {
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
    });

    /// <summary>"apps/v1 DaemonSet".</summary>
    public static string KindOf(YamlMappingNode manifest) => $"{Text(manifest, "apiVersion")} {Text(manifest, "kind")}";

    public static bool Has(string kind) => Types.ContainsKey(kind);

    /// <summary>Why a manifest is refused, with the path; null: it is none.</summary>
    public static string? Refused(YamlMappingNode manifest)
    {
        try
        {
            Read.MakeGenericMethod(Types[KindOf(manifest)]).Invoke(null, [Json(manifest)!.ToJsonString()]);
            return null;
        }
        catch (TargetInvocationException e) when (e.InnerException is JsonException or FormatException or NotSupportedException)
        {
            return e.InnerException.Message;
        }
    }

    private static readonly MethodInfo Read = new Func<string, V1Service>(Deserialize<V1Service>).Method.GetGenericMethodDefinition();

    private static T Deserialize<T>(string json) => KubernetesJson.Deserialize<T>(json);

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(c.Key.ToString(), Json(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        _ => JsonValue.Create(RenderedObjects.Value(node)),
    };
}
