using System.Text;
using System.Text.Json;

namespace EbpfLb.Testing.ApiServer;

/// <summary>One stored version of an object.</summary>
/// <param name="Key">"namespace/name", or the name: the order of lists, as in etcd.</param>
/// <param name="Body">JSON without kind and apiVersion, as in the items of a list.</param>
internal sealed class FakeObject(FakeResource resource, string key, ulong resourceVersion, byte[] body)
{
    private JsonElement? parsed;

    public FakeResource Resource => resource;

    public string Key => key;

    public ulong ResourceVersion => resourceVersion;

    public byte[] Body => body;

    /// <summary>With kind and apiVersion, as in a watch and as the answer to a get.</summary>
    public byte[] Full
        => [.. Encoding.UTF8.GetBytes($"{{\"kind\":\"{resource.Kind}\",\"apiVersion\":\"{resource.ApiVersion}\","), .. body.AsSpan(1)];

    /// <summary>The value of a label, null without it.</summary>
    public string? Label(string name)
        // Most objects do not have the label that is asked for; parsing tens of thousands to find that out takes long.
        => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) >= 0
            && Parsed.GetProperty("metadata").TryGetProperty("labels", out var labels)
            && labels.ValueKind == JsonValueKind.Object
            && labels.TryGetProperty(name, out var value)
                ? value.GetString()
                : null;

    /// <summary>The value of a field for a field selector, "" when it is unset.</summary>
    public string Field(string path)
    {
        var at = Parsed;
        foreach (var part in path.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(part, out at)) return "";
        }
        return at.ToString();
    }

    private JsonElement Parsed => parsed ??= JsonDocument.Parse(body).RootElement.Clone();
}

/// <summary>A change of the store.</summary>
/// <param name="Before">null when the object is new.</param>
/// <param name="After">null when it was deleted.</param>
/// <param name="Last">The object as a DELETED event shows it: its last state with the version of the deletion.</param>
internal sealed record FakeChange(ulong ResourceVersion, FakeResource Resource, FakeObject? Before, FakeObject? After, FakeObject? Last);
