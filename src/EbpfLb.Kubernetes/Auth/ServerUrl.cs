using System.Net;
using System.Net.Sockets;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>Reads the address of an API server.</summary>
internal static class ServerUrl
{
    /// <summary>Paths of requests are added, and a URI ends at 64 KiB.</summary>
    private const int Longest = 2048;

    /// <summary>http(s)://host[:port][/path]; without a scheme it is https, as client-go has it where TLS is set up.</summary>
    /// <param name="where">File and field, or option, for the message.</param>
    /// <exception cref="ConnectionException">Not such a URL.</exception>
    public static Uri Parse(string? text, string where)
    {
        var full = WithScheme((text ?? "").Trim());
        if (full.Length > Longest || !Uri.TryCreate(full, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp) || url.Host.Length == 0)
        {
            throw new ConnectionException(
                $"{where}: '{FieldText.Shown(text ?? "")}' is not the URL of an API server; write it like https://10.0.0.1:6443");
        }
        if (url.UserInfo.Length > 0)
            throw new ConnectionException(
                $"{where}: a user and password in the URL are not used; remove them, and set a token or a client certificate");
        if (url.HostNameType is not (UriHostNameType.IPv4 or UriHostNameType.IPv6)) _ = FieldText.Host(url.Host, where);
        return new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/'));
    }

    private static string WithScheme(string text)
        => text.Length == 0 || text.Contains("://", StringComparison.Ordinal) ? text
            : IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 && !text.StartsWith('[')
                ? $"https://[{text}]"
                : $"https://{text}";
}
