using System.Text.Json;

namespace EbpfLb.Kubernetes.Wire.Quick;

/// <summary>
/// The objects of which a cluster has tens of thousands, read in one pass where nothing is unusual in them. Whatever the generated readers
/// and the checks would say to such an object is the same; null means that they are to be asked. Safe for several threads.
/// </summary>
/// <param name="isNodePort">Which node ports a Service may ask for.</param>
internal sealed class QuickWire(StringPool pool, Func<int, bool> isNodePort)
{
    /// <summary>A Service of a list or a watch; null: to be read thoroughly.</summary>
    public WireService? Service(ReadOnlySpan<byte> json) => Service(json, saysKind: false);

    /// <summary>An EndpointSlice of a list or a watch; null: to be read thoroughly.</summary>
    public WireEndpointSlice? Slice(ReadOnlySpan<byte> json) => Slice(json, saysKind: false);

    /// <summary>An object that says itself what it is: a Service or an EndpointSlice; null: to be read thoroughly.</summary>
    public IWireObject? Any(ReadOnlySpan<byte> json) => KindOf(json) switch
    {
        "Service" => Service(json, saysKind: true),
        "EndpointSlice" => Slice(json, saysKind: true),
        _ => null,
    };

    private WireService? Service(ReadOnlySpan<byte> json, bool saysKind)
    {
        try
        {
            var reader = new QuickReader(json, stackalloc (int, int)[QuickReader.MostNames], pool);
            var service = QuickService.Read(ref reader, isNodePort, saysKind);
            return reader.Completes() ? service : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private WireEndpointSlice? Slice(ReadOnlySpan<byte> json, bool saysKind)
    {
        try
        {
            var reader = new QuickReader(json, stackalloc (int, int)[QuickReader.MostNames], pool);
            var slice = QuickSlice.Read(ref reader, saysKind);
            return reader.Completes() ? slice : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What it seems to be by its beginning: kubectl sorts the members, so that a slice begins with addressType.</summary>
    private static string? KindOf(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            for (var i = 0; i < 2 && reader.Read() && reader.TokenType == JsonTokenType.PropertyName; i++)
            {
                if (reader.ValueSpan.SequenceEqual("addressType"u8)) return "EndpointSlice";
                var isKind = reader.ValueSpan.SequenceEqual("kind"u8);
                if (!reader.Read() || reader.TokenType != JsonTokenType.String) return null;
                if (!isKind) continue;
                return reader.ValueSpan.SequenceEqual("Service"u8) ? "Service"
                    : reader.ValueSpan.SequenceEqual("EndpointSlice"u8) ? "EndpointSlice"
                    : null;
            }
        }
        catch (JsonException)
        {
            // The thorough way says what is wrong.
        }
        return null;
    }
}
