using System.Globalization;

namespace EbpfLb.Agent.Control;

/// <summary>Which service ports are meant; null parts: any.</summary>
/// <param name="Port">Name or number; "" is the port without a name.</param>
/// <param name="Id">The id in the maps; the other parts are null then.</param>
internal sealed record ServiceQuery(string? Namespace = null, string? Name = null, string? Port = null, uint? Id = null)
{
    public static ServiceQuery All { get; } = new();

    /// <summary>What <see cref="Parse"/> takes.</summary>
    public const string Forms = "NAME, NAMESPACE/NAME, either with :PORT, NAMESPACE/ or #ID";

    /// <param name="text">One of <see cref="Forms"/>; null: all.</param>
    /// <param name="within">The namespace that -n names; null: none.</param>
    /// <exception cref="FormatException">The message is for people.</exception>
    public static ServiceQuery Parse(string? text, string? within = null)
    {
        if (text is null) return new ServiceQuery(within);
        if (text.StartsWith('#'))
            return uint.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? new ServiceQuery(Id: id)
                : throw Bad(text);
        var parts = text.Split('/');
        var own = parts.Length > 1 ? parts[0] : null;
        if (parts.Length > 2 || own is "") throw Bad(text);
        if (own is not null && within is not null && own != within)
            throw new FormatException($"'{text}' is in namespace {own}, and -n says {within}; give one of the two");
        var colon = parts[^1].IndexOf(':');
        var (name, port) = colon < 0 ? (parts[^1], null) : (parts[^1][..colon], parts[^1][(colon + 1)..]);
        if (name.Length == 0 && (own is null || port is not null)) throw Bad(text);
        return new ServiceQuery(own ?? within, name.Length == 0 ? null : name, port);
    }

    /// <summary>As part of an address of the control socket: "" or "?namespace=default&amp;name=web".</summary>
    public string ToUrl()
    {
        var parts = new (string Key, string? Value)[]
        {
            ("namespace", Namespace), ("name", Name), ("port", Port), ("id", Id?.ToString(CultureInfo.InvariantCulture)),
        }
            .Where(p => p.Value is not null).Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value!)}").ToList();
        return parts.Count == 0 ? "" : $"?{string.Join('&', parts)}";
    }

    /// <summary>The other end of <see cref="ToUrl"/>.</summary>
    /// <param name="value">The value of a key; null: it is not there.</param>
    public static ServiceQuery Read(Func<string, string?> value)
        => new(value("namespace"), value("name"), value("port"),
            uint.TryParse(value("id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null);

    /// <summary>Whether it means this service port. What has no Service is none; one port of it may have no name.</summary>
    /// <param name="service">"namespace/name:port"; null: not known.</param>
    public bool Means(string? service, uint id)
    {
        if (Id is { } asked) return id == asked;
        if (service?.Split('/') is not [var ns, var rest]) return false;
        var (name, port) = rest.IndexOf(':') is var colon and >= 0 ? (rest[..colon], rest[(colon + 1)..]) : (rest, "");
        return (Namespace is null || Namespace == ns) && (Name is null || Name == name) && (Port is null || Port == port);
    }

    /// <summary>As <see cref="Parse"/> takes it.</summary>
    public override string ToString()
        => Id is { } id ? $"#{id}" : $"{(Namespace is null ? "" : $"{Namespace}/")}{Name}{(Port is null ? "" : $":{Port}")}";

    private static FormatException Bad(string text) => new($"'{text}' names no Service; give {Forms}");
}

/// <summary>Nothing of the name is there; the message says what is.</summary>
internal class UnknownServiceException(string message) : Exception(message);

/// <summary>The agent has made no table since it started, so it knows neither names nor what is served.</summary>
internal sealed class NotKnownYetException(string message = NotKnownYetException.Text) : UnknownServiceException(message)
{
    public const string Text = "the Services are not known yet: the agent has programmed nothing since it started, and `ebpflb status` "
        + "says why. What an earlier agent left in the kernel stays in force";
}
