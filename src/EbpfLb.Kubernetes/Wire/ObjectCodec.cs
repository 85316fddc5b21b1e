using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>Reads the JSON of one resource into its model type.</summary>
internal abstract class ObjectCodec<T>
    where T : class
{
    /// <summary>Reads one object; null when it is of no use to a proxy.</summary>
    /// <exception cref="JsonException">Not such an object.</exception>
    public abstract T? ReadObject(ReadOnlySpan<byte> json);

    /// <summary>Reads a line of a watch in one pass: its type first, then the object once.</summary>
    /// <param name="error">The Status of an ERROR event, whose result is null.</param>
    /// <returns>null for ERROR and for types that are not known.</returns>
    /// <exception cref="JsonException">Not such a line.</exception>
    public abstract WatchEvent<T>? ReadEvent(ReadOnlySpan<byte> line, out WireStatus? error);
}

/// <inheritdoc cref="ObjectCodec{T}"/>
internal sealed class ObjectCodec<TWire, T>(
    JsonTypeInfo<TWire> objectType,
    JsonTypeInfo<WireWatchLine<TWire>> lineType,
    JsonTypeInfo<WireWatchLine<WireStatus>> errorType,
    Func<TWire, T?> map,
    QuickRead<TWire>? quick = null) : ObjectCodec<T>
    where TWire : class, IWireObject
    where T : class
{
    public override T? ReadObject(ReadOnlySpan<byte> json)
        => map(quick?.Invoke(json) ?? JsonSerializer.Deserialize(json, objectType)
            ?? throw new JsonException("an object was expected, not null"));

    public override WatchEvent<T>? ReadEvent(ReadOnlySpan<byte> line, out WireStatus? error)
    {
        error = null;
        switch (WatchLineType.Peek(line))
        {
            case WatchLineType.Kind.Set:
                var set = ObjectOf(line);
                return new(WatchEventType.Set, WireMapper.NameOf(set), map(set), VersionOf(set));
            case WatchLineType.Kind.Deleted:
                var deleted = ObjectOf(line);
                return new(WatchEventType.Deleted, WireMapper.NameOf(deleted), null, VersionOf(deleted));
            case WatchLineType.Kind.Bookmark:
                var bookmark = LeftToReader(line);
                var type = bookmark.Metadata?.Annotations?.InitialEventsEnd == "true" ? WatchEventType.InitialEventsEnd
                    : WatchEventType.Bookmark;
                return new(type, new("", ""), null, VersionOf(bookmark));
            case WatchLineType.Kind.Error:
                error = JsonSerializer.Deserialize(line, errorType)?.Object ?? new WireStatus();
                return null;
            default:
                return null;
        }
    }

    private TWire ObjectOf(ReadOnlySpan<byte> line)
        => quick is not null && WatchLineType.ObjectIn(line) is { IsEmpty: false } text && quick(text) is { } read ? read
            : LeftToReader(line);

    private TWire LeftToReader(ReadOnlySpan<byte> line)
        => JsonSerializer.Deserialize(line, lineType)?.Object ?? throw new JsonException("a watch event must have an object");

    private static string VersionOf(TWire wire)
        => wire.Metadata?.ResourceVersion ?? throw new JsonException("the object of a watch event must have metadata.resourceVersion");
}

/// <summary>Reads an object in one pass; null when it is to be read by the generated reader.</summary>
internal delegate TWire? QuickRead<TWire>(ReadOnlySpan<byte> json) where TWire : class, IWireObject;
