using EbpfLb.Model;

namespace EbpfLb.Datapath.Node;

/// <summary>Prefixes as address and mask.</summary>
internal static class Prefixes
{
    /// <summary>The mask of a prefix in 16 bytes; an IPv4 prefix has its bits in the last 4.</summary>
    /// <param name="length">Bits, at most those of the family.</param>
    public static void WriteMask(IpFamily family, int length, Span<byte> mask)
    {
        mask.Clear();
        var part = family == IpFamily.IPv4 ? mask[12..] : mask;
        for (var bit = 0; bit < length; bit++) part[bit / 8] |= (byte)(0x80 >> bit % 8);
    }

    /// <summary>The address with all bits behind the first ones 0.</summary>
    public static IpAddress Mask(IpAddress address, int length)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<byte> mask = stackalloc byte[16];
        address.WriteBytes(bytes);
        WriteMask(address.Family, length, mask);
        for (var i = 0; i < bytes.Length; i++) bytes[i] &= mask[i];
        return address.Family == IpFamily.IPv4 ? IpAddress.FromBytes(bytes[12..]) : IpAddress.FromBytes(bytes);
    }
}
