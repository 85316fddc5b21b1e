using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace EbpfLb.Agent.Options;

/// <summary>Reads bind addresses: "IP:PORT", "[IPv6]:PORT", ":PORT" (all addresses) or "IP" with the usual port.</summary>
internal static class EndpointText
{
    /// <returns>null when the text is empty: switched off.</returns>
    /// <exception cref="FormatException">Not such an address; the message says what is expected.</exception>
    public static IPEndPoint? Parse(string text, int defaultPort)
    {
        text = text.Trim();
        if (text.Length == 0) return null;
        var (host, portText) = Split(text);
        var port = (ushort)defaultPort;
        if ((portText is null || ushort.TryParse(portText, out port)) && TryParseHost(host, out var address)) return new IPEndPoint(address, port);
        throw new FormatException($"'{text}' is not an address to listen on; give IP:PORT such as 127.0.0.1:{defaultPort} or [::1]:{defaultPort}, or \"\" for none");
    }

    /// <summary>An IPv6 address has its port behind brackets; one without brackets has none.</summary>
    private static (string Host, string? Port) Split(string text)
    {
        var colon = text.StartsWith('[') ? text.IndexOf("]:", StringComparison.Ordinal) + 1 : text.IndexOf(':');
        var isAddressOnly = colon < 0 || (text.StartsWith('[') ? colon == 0 : text.IndexOf(':', colon + 1) > 0);
        return isAddressOnly ? (text, null) : (text[..colon], text[(colon + 1)..]);
    }

    private static bool TryParseHost(string host, [NotNullWhen(true)] out IPAddress? address)
    {
        address = IPAddress.IPv6Any;
        return host.Length == 0 || IPAddress.TryParse(host, out address);
    }
}
