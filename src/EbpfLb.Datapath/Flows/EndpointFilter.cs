using System.Globalization;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>Which addresses and ports are meant.</summary>
/// <param name="Address">null: any.</param>
/// <param name="PrefixLength">Bits of the address that count.</param>
/// <param name="Port">null: any.</param>
public sealed record EndpointFilter(IpAddress? Address, int PrefixLength, ushort? Port)
{
    private const int MappedBits = 96;

    /// <summary>Reads "10.0.0.1", "10.0.0.0/8", "10.0.0.1:80", ":80", "fd00::1", "fd00::/64" and "[fd00::1]:80".</summary>
    /// <exception cref="FormatException">None of these; the message says what is expected.</exception>
    public static EndpointFilter Parse(string text)
    {
        var (host, port) = Split(text.Trim());
        var slash = host.IndexOf('/');
        var address = slash < 0 ? host : host[..slash];
        if (port is not null && slash >= 0) throw Unreadable(text);
        if (host.Length == 0 && port is not null) return new EndpointFilter(null, 0, PortOf(port, text));
        if (!IpAddress.TryParse(address, out var ip)) throw Unreadable(text);
        var bits = ip.Family == IpFamily.IPv4 ? 32 : 128;
        var length = bits;
        if (slash >= 0
            && (!int.TryParse(host.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits))
            throw Unreadable(text);
        return new EndpointFilter(ip, length, port is null ? null : PortOf(port, text));
    }

    public bool Matches(FlowEndpoint endpoint)
        => (Port is null || Port == endpoint.Port) && (Address is not { } wanted || Covers(wanted, endpoint.Address));

    private bool Covers(IpAddress wanted, IpAddress address)
    {
        if (wanted.Family != address.Family) return false;
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        wanted.WriteBytes(left);
        address.WriteBytes(right);
        var bits = PrefixLength + (wanted.Family == IpFamily.IPv4 ? MappedBits : 0);
        var whole = bits / 8;
        if (!left[..whole].SequenceEqual(right[..whole])) return false;
        var mask = (byte)(0xff00 >> bits % 8);
        return bits % 8 == 0 || (left[whole] & mask) == (right[whole] & mask);
    }

    /// <summary>An IPv6 address has its port behind brackets.</summary>
    private static (string Host, string? Port) Split(string text)
    {
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']');
            if (end > 0 && text.AsSpan(end + 1) is [':', ..]) return (text[1..end], text[(end + 2)..]);
            return end == text.Length - 1 ? (text[1..end], null) : (text, null);
        }
        var colon = text.IndexOf(':');
        return colon >= 0 && text.IndexOf(':', colon + 1) < 0 ? (text[..colon], text[(colon + 1)..]) : (text, null);
    }

    private static ushort PortOf(string port, string text)
        => ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
            : throw Unreadable(text);

    private static FormatException Unreadable(string text) => new(
        $"'{text}' is no address; give one such as 10.0.0.1, 10.0.0.0/8, 10.0.0.1:80, fd00::/64, [fd00::1]:80, or :80 for a port alone");
}
