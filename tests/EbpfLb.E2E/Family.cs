namespace EbpfLb.E2E;

/// <summary>How a client reaches a service.</summary>
public enum Family
{
    /// <summary>IPv4 sockets.</summary>
    IPv4,

    /// <summary>IPv6 sockets.</summary>
    IPv6,

    /// <summary>IPv6 sockets that name the IPv4 address as ::ffff:a.b.c.d.</summary>
    Mapped,
}
