using System.Buffers;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>
/// The forms of names, after apimachinery's util/validation. Each method returns what a name must be when the text is
/// none, null when it is one.
/// </summary>
internal static class NameRules
{
    private const int LongestLabel = 63;
    private const int LongestSubdomain = 253;
    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly SearchValues<char> QualifiedCharacters
        = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    /// <summary>
    /// RFC 1123 label: namespaces, port names, host names, and names of Services (Kubernetes 1.34, RelaxedServiceNameValidation; before,
    /// they had to begin with a letter).
    /// </summary>
    public static string? Dns1123Label(ReadOnlySpan<char> text) => IsLabel(text)
        ? null
        : "must be a lower case RFC 1123 label: at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit; rename it";

    /// <summary>RFC 1123 subdomain: most object names, node names, externalName.</summary>
    public static string? Dns1123Subdomain(ReadOnlySpan<char> text) => IsSubdomain(text)
        ? null
        : "must be a lower case RFC 1123 subdomain: at most 253 of a-z, 0-9, '-' and '.', "
            + "each part beginning and ending with a letter or digit; correct it";

    /// <summary>A label key, an appProtocol, a loadBalancerClass: an optional DNS prefix with '/' and a name.</summary>
    public static string? QualifiedName(ReadOnlySpan<char> text)
    {
        const string Wanted = "must be a qualified name: at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and "
            + "ending with a letter or digit, optionally after a DNS prefix and '/'; correct it";
        var slash = text.IndexOf('/');
        var name = slash < 0 ? text : text[(slash + 1)..];
        return (slash < 0 || IsSubdomain(text[..slash])) && !name.IsEmpty && IsQualified(name) ? null : Wanted;
    }

    /// <summary>The value of a label; may be empty.</summary>
    public static string? LabelValue(ReadOnlySpan<char> text) => text.IsEmpty || IsQualified(text)
        ? null
        : "must be empty or at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit; correct it";

    /// <summary>RFC 6335 service name: a named targetPort.</summary>
    public static string? PortName(ReadOnlySpan<char> text)
        => text.Length is > 0 and <= 15
            && !text.ContainsAnyExcept(LabelCharacters)
            && text.ContainsAnyInRange('a', 'z')
            && text.IndexOf("--") < 0
            && text[0] != '-' && text[^1] != '-'
            ? null
            : "must be a port name: at most 15 of a-z, 0-9 and single '-', with a letter, not beginning or ending with '-'; correct it";

    private static bool IsLabel(ReadOnlySpan<char> text)
        => text.Length is > 0 and <= LongestLabel && !text.ContainsAnyExcept(LabelCharacters) && text[0] != '-' && text[^1] != '-';

    private static bool IsSubdomain(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > LongestSubdomain) return false;
        foreach (var range in text.Split('.'))
        {
            // A part has no bound of 63 of its own here: apimachinery checks only the whole.
            var part = text[range];
            if (part.IsEmpty || part.ContainsAnyExcept(LabelCharacters) || part[0] == '-' || part[^1] == '-') return false;
        }
        return true;
    }

    private static bool IsQualified(ReadOnlySpan<char> text)
        => text.Length <= LongestLabel
            && !text.ContainsAnyExcept(QualifiedCharacters)
            && char.IsAsciiLetterOrDigit(text[0])
            && char.IsAsciiLetterOrDigit(text[^1]);
}
