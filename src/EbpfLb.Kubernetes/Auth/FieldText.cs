namespace EbpfLb.Kubernetes.Auth;

/// <summary>
/// Checks text that a .NET type would throw on when a request is made, where the configuration is read: there the field can be named.
/// </summary>
internal static class FieldText
{
    /// <summary>Servers bound the head of a request: Go's at 1 MiB, proxies often at 64 KiB.</summary>
    private const int LongestToken = 64 * 1024;

    private const int LongestHost = 253;

    /// <summary>A bearer token without the white space around it, which files and block scalars leave there.</summary>
    /// <param name="where">File and field.</param>
    /// <exception cref="ConnectionException">No HTTP header can carry it (RFC 9110, section 5.5), or it is empty.</exception>
    public static string Token(string text, string where)
    {
        var token = text.Trim();
        if (token.Length == 0) throw new ConnectionException($"{where} is empty; it must hold a bearer token");
        if (token.Length > LongestToken)
            throw new ConnectionException(
                $"{where} has {token.Length} characters; no server takes more than {LongestToken}: is it a token?");
        var bad = token.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        return bad < 0 ? token : throw new ConnectionException(
            $"{where}: character {bad + 1} (U+{(int)token[bad]:X4}) cannot be sent in an HTTP header; a bearer token is one line of "
                + "ASCII text: write it without line breaks");
    }

    /// <summary>A host name in its ASCII form or an address.</summary>
    /// <exception cref="ConnectionException">It is neither.</exception>
    public static string Host(string text, string where)
        => text.Length <= LongestHost && text.All(char.IsAscii) && !text.StartsWith('[')
            && Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
                ? text
                : throw new ConnectionException(
                    $"{where}: '{Shown(text)}' is neither a host name nor an address; write it like kubernetes.default.svc");

    /// <summary>Text of a configuration in a message of one line, bounded and without control characters.</summary>
    public static string Shown(string text)
    {
        const int Longest = 200;
        var line = string.Concat(text.Take(Longest).Select(c => char.IsControl(c) ? '?' : c));
        return text.Length > Longest ? line + "..." : line;
    }
}
