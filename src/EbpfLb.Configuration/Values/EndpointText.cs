using System.Diagnostics.CodeAnalysis;
using System.Net;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Values;

/// <summary>Reads bind addresses: "IP:PORT", "[IPv6]:PORT", ":PORT" (all addresses) or "IP" with the usual port.</summary>
public static class EndpointText
{
    /// <returns>null when the text is empty: switched off.</returns>
    /// <exception cref="FormatException">Not such an address; the message says what is expected.</exception>
    public static IPEndPoint? Parse(string text, int defaultPort)
    {
        text = text.Trim();
        if (text.Length == 0) return null;
        var (host, portText) = Split(text);
        var port = (ushort)defaultPort;
        if ((portText is null || ushort.TryParse(portText, out port)) && TryParseHost(host, out var address))
            return new IPEndPoint(address, port);
        throw new FormatException($"'{text}' is not an address to listen on; give IP:PORT such as "
            + $"127.0.0.1:{defaultPort} or [::1]:{defaultPort}, or \"\" for none");
    }

    /// <summary>The text with the port behind it when it has none and is an address; anything else as it is.</summary>
    internal static string WithPort(string text, int defaultPort)
    {
        var (host, port) = Split(text.Trim());
        if (port is not null || !TryParseHost(host, out _) || host.Length == 0) return text;
        return host.Contains(':') && !host.StartsWith('[') ? $"[{host}]:{defaultPort}" : $"{host}:{defaultPort}";
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
        if (host.Length == 0) return true;
        // Not IPAddress.TryParse(), to which a forgotten ":" makes 10256 an address: 0.0.40.16.
        var bare = host.Length > 2 && host[0] == '[' && host[^1] == ']' ? host[1..^1] : host;
        if (!IpAddress.TryParse(bare, out var found)) return false;
        address = found.ToIPAddress();
        return true;
    }
}
