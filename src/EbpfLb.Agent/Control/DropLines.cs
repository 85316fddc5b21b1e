using System.Text.Json.Serialization;

namespace EbpfLb.Agent.Control;

/// <summary>JSON of `drops -f -o json`: as in the other answers, on one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DropRow))]
internal sealed partial class DropLines : JsonSerializerContext;
