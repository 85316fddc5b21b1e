namespace EbpfLb.Kubernetes.Auth;

/// <summary>Reads the address of an API server.</summary>
internal static class ServerUrl
{
    /// <param name="where">File and field, or option, for the message.</param>
    /// <exception cref="ConfigException">Not http(s)://host[:port].</exception>
    public static Uri Parse(string? text, string where)
        => Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
            ? new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/'))
            : throw new ConfigException($"{where}: '{text}' is not the URL of an API server; write it like https://10.0.0.1:6443");
}
