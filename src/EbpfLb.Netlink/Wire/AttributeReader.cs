using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace EbpfLb.Netlink.Wire;

/// <summary>Attributes (struct nlattr) one after another; stops at one that is cut short.</summary>
internal ref struct AttributeReader(ReadOnlySpan<byte> bytes)
{
    private const int HeaderBytes = 4;

    /// <summary>Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.</summary>
    private const ushort TypeMask = 0x3fff;

    private ReadOnlySpan<byte> rest = bytes;

    public int Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public readonly uint Number => Value.Length >= sizeof(uint) ? MemoryMarshal.Read<uint>(Value) : 0;

    /// <summary>A string that ends with a zero byte.</summary>
    public readonly string Text => Encoding.UTF8.GetString(Value.TrimEnd((byte)0));

    /// <summary>null when it has neither 4 nor 16 bytes.</summary>
    public readonly IPAddress? Address => Value.Length is 4 or 16 ? new IPAddress(Value) : null;

    public readonly AttributeReader Nested => new(Value);

    public bool MoveNext()
    {
        if (rest.Length < HeaderBytes) return false;
        var length = MemoryMarshal.Read<ushort>(rest);
        if (length < HeaderBytes || length > rest.Length) return false;
        Type = MemoryMarshal.Read<ushort>(rest[2..]) & TypeMask;
        Value = rest[HeaderBytes..length];
        rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        return true;
    }
}
