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
        if (text.StartsWith(':') && ushort.TryParse(text[1..], out var only)) return new IPEndPoint(IPAddress.IPv6Any, only);
        if (IPAddress.TryParse(text, out var alone)) return new IPEndPoint(alone, defaultPort);
        if (text.LastIndexOf(':') is var colon and > 0
            && IPAddress.TryParse(text[..colon], out var address)
            && ushort.TryParse(text[(colon + 1)..], out var port)) return new IPEndPoint(address, port);
        throw new FormatException($"'{text}' is not an address to listen on; give IP:PORT such as 127.0.0.1:{defaultPort} or [::1]:{defaultPort}, or \"\" for none");
    }
}
