namespace EbpfLb.Model;

/// <summary>How clients outside reach backends of other nodes.</summary>
public enum Forwarding : byte
{
    /// <summary>From an address of the node that they asked, and back by it.</summary>
    Snat,

    /// <summary>
    /// Direct server return: by a tunnel to the backend's node, which answers the client itself. The backend sees its client.
    /// </summary>
    Dsr,

    /// <summary>TCP as <see cref="Dsr"/>, all else as <see cref="Snat"/>.</summary>
    Hybrid,
}

/// <summary>The names of the modes.</summary>
public static class ForwardingNames
{
    /// <summary>By the numbers of the enum.</summary>
    private static readonly string[] Names = ["snat", "dsr", "hybrid"];

    /// <summary>For messages: "snat, dsr or hybrid".</summary>
    public static string Allowed { get; } = $"{string.Join(", ", Names[..^1])} or {Names[^1]}";

    /// <summary>"dsr".</summary>
    public static string ToText(this Forwarding forwarding) => Names[(int)forwarding];

    /// <summary>Reads a name; case counts.</summary>
    public static bool TryParse(string text, out Forwarding forwarding)
    {
        var index = Names.AsSpan().IndexOf(text);
        forwarding = (Forwarding)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Whether packets of the protocol go by a tunnel.</summary>
    public static bool Tunnels(this Forwarding forwarding, TransportProtocol protocol)
        => forwarding == Forwarding.Dsr || (forwarding == Forwarding.Hybrid && protocol == TransportProtocol.Tcp);
}
