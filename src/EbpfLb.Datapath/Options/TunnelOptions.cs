namespace EbpfLb.Datapath.Options;

/// <summary>The numbers are those of enum lb_tunnel.</summary>
public enum TunnelKind : byte
{
    /// <summary>Nothing goes by a tunnel, and none that come are opened.</summary>
    None = 0,

    /// <summary>IP in IP: 20 bytes in front of each packet, or 40 by IPv6.</summary>
    IpIp = 1,

    /// <summary>Geneve without options: 16 bytes more, for networks that let only TCP and UDP through.</summary>
    Geneve = 2,
}

/// <summary>How packets of direct server return get to other nodes.</summary>
/// <param name="Port">UDP port of Geneve.</param>
public sealed record TunnelOptions(TunnelKind Kind, ushort Port)
{
    private const ushort GenevePort = 6081;

    public static TunnelOptions None { get; } = new(TunnelKind.None, GenevePort);

    /// <summary>Longest TCP segment that backends of this node announce to clients outside, in bytes; 0: as they do.</summary>
    public ushort Mss { get; init; }

    public bool IsUsed => Kind != TunnelKind.None;
}
