using System.Text;

namespace EbpfLb.Testing.ApiServer;

/// <summary>Writes the lines of one watch.</summary>
/// <param name="selector">What the watch selects; null selects nothing.</param>
internal sealed class FakeWatchLines(Stream body, FakeResource resource, FakeSelector? selector)
{
    public async Task WriteInitialAsync(IEnumerable<FakeObject> objects)
    {
        foreach (var found in objects.Where(o => selector?.Matches(o) == true)) await WriteEventAsync("ADDED", found.Full);
    }

    /// <summary>A change as this watch sees it: entering the selection is ADDED, leaving it is DELETED.</summary>
    public Task WriteAsync(FakeChange change)
    {
        if (change.Resource != resource || selector is null) return Task.CompletedTask;
        var was = change.Before is { } before && selector.Matches(before);
        var isNow = change.After is { } after && selector.Matches(after);
        return (was, isNow) switch
        {
            (false, true) => WriteEventAsync("ADDED", change.After!.Full),
            (true, true) => WriteEventAsync("MODIFIED", change.After!.Full),
            (true, false) => WriteEventAsync("DELETED", (change.Last ?? change.After!).Full),
            _ => Task.CompletedTask,
        };
    }

    /// <param name="isInitialEnd">The bookmark after the collection that the watch began with.</param>
    public Task WriteBookmarkAsync(ulong version, bool isInitialEnd = false) => WriteEventAsync("BOOKMARK", Encoding.UTF8.GetBytes(
        $"{{\"kind\":\"{resource.Kind}\",\"apiVersion\":\"{resource.ApiVersion}\","
        + $"\"metadata\":{{\"resourceVersion\":\"{version}\",\"creationTimestamp\":null"
        + (isInitialEnd ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "")
        + $"}},{resource.EmptyBody}}}"));

    public Task WriteErrorAsync(FakeStatus status) => WriteEventAsync("ERROR", Encoding.UTF8.GetBytes(status.ToJson().ToJsonString()));

    public async Task WriteRawAsync(ReadOnlyMemory<byte> bytes)
    {
        await body.WriteAsync(bytes);
        await body.FlushAsync();
    }

    private Task WriteEventAsync(string type, byte[] json)
        => WriteRawAsync((byte[])[.. Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":"), .. json, (byte)'}', (byte)'\n']);
}
