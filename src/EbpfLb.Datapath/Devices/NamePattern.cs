using System.IO.Enumeration;

namespace EbpfLb.Datapath.Devices;

/// <summary>
/// Names of devices: exactly one ("eth0"), all that begin so ("bond+", as iptables writes it), or with * for any part
/// ("enp*s0").
/// </summary>
public sealed record NamePattern
{
    /// <summary>IFNAMSIZ - 1.</summary>
    private const int MaxNameLength = 15;

    private NamePattern(string text) => Text = text;

    public string Text { get; }

    /// <exception cref="FormatException">No device can have such a name.</exception>
    public static NamePattern Parse(string text)
        => text.Length is > 0 and <= MaxNameLength + 1 && !text.Any(c
            => char.IsWhiteSpace(c) || c is '/' or '?' or '\\' or ',') && text is not ("." or "..")
            ? new NamePattern(text)
            : throw new FormatException($"'{text}' is no name of a device; give one such as eth0, or a pattern such as bond+ or enp*");

    public bool Matches(string name)
        => Text.EndsWith('+')
            ? name.StartsWith(Text[..^1], StringComparison.Ordinal)
            : FileSystemName.MatchesSimpleExpression(Text, name, ignoreCase: false);

    public override string ToString() => Text;
}
