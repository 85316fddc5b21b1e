using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Reflector;

/// <summary>
/// The beginning of a watch that sends its collection first: gathered, so that it takes effect in one go, as a list does. Changes may
/// come among it.
/// </summary>
internal sealed class InitialEvents<T>
    where T : class
{
    private readonly Dictionary<ObjectName, T> objects = [];

    public IReadOnlyList<T> Items => [.. objects.Values];

    public void Apply(WatchEvent<T> change)
    {
        if (change is { Type: WatchEventType.Set, Object: { } item }) objects[change.Name] = item;
        else objects.Remove(change.Name);
    }
}

/// <summary>
/// Whether a reflector asks for streaming lists. A server that refuses them is not asked again; one that accepts the request and does
/// not end the collection - it does not know the option, or is overloaded - is given a list in between, and is not asked again after
/// that has happened twice in a row.
/// </summary>
internal sealed class StreamingLists(bool isWanted)
{
    private const int FailuresAtMost = 2;

    private bool isRefused = !isWanted;
    private bool isListNext;
    private int failures;

    /// <summary>Whether the collection is to be read from the beginning of a watch, now.</summary>
    public bool IsNext => !isRefused && !isListNext;

    /// <summary>The server knows no such watches.</summary>
    public void Refused() => isRefused = true;

    /// <summary>The collection did not come to its end.</summary>
    public void Failed()
    {
        isListNext = true;
        isRefused |= ++failures >= FailuresAtMost;
    }

    /// <summary>A collection has come to its end.</summary>
    public void Succeeded() => failures = 0;

    /// <summary>A list has been read.</summary>
    public void Listed() => isListNext = false;
}
