using System.Text.Json;
using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>
/// The generated readers of all wire types. <see cref="Create"/> gives one whose strings go through a pool;
/// unknown fields are skipped, a field of the wrong type is a JsonException that names its path.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireService))]
[JsonSerializable(typeof(WireEndpointSlice))]
[JsonSerializable(typeof(WireEndpoints))]
[JsonSerializable(typeof(WireNode))]
[JsonSerializable(typeof(WireServiceCidr))]
[JsonSerializable(typeof(WireNamedObject))]
[JsonSerializable(typeof(WireStatus))]
[JsonSerializable(typeof(WireListMetadata))]
[JsonSerializable(typeof(WireWatchLine<WireService>), TypeInfoPropertyName = "ServiceWatchLine")]
[JsonSerializable(typeof(WireWatchLine<WireEndpointSlice>), TypeInfoPropertyName = "EndpointSliceWatchLine")]
[JsonSerializable(typeof(WireWatchLine<WireNode>), TypeInfoPropertyName = "NodeWatchLine")]
[JsonSerializable(typeof(WireWatchLine<WireServiceCidr>), TypeInfoPropertyName = "ServiceCidrWatchLine")]
[JsonSerializable(typeof(WireWatchLine<WireStatus>), TypeInfoPropertyName = "StatusWatchLine")]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>Makes readers that share repeated strings through <paramref name="pool"/>.</summary>
    public static WireJson Create(StringPool pool) => new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new PooledStringConverter(pool) },
    });
}

/// <summary>One line of a watch: {"type":"ADDED","object":{...}}.</summary>
internal sealed class WireWatchLine<T>
{
    public string? Type { get; set; }

    public T? Object { get; set; }
}
