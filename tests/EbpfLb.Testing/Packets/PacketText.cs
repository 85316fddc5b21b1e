using System.Net;
using System.Text;

namespace EbpfLb.Testing.Packets;

/// <summary>Packets for people: a field a line.</summary>
public static class PacketText
{
    public static string Of(ParsedPacket packet)
    {
        var text = new StringBuilder();
        foreach (var field in packet.Fields) text.Append(field.Name).Append(' ').AppendLine(Value(field, packet.Bytes));
        return text.ToString();
    }

    /// <summary>A field's value the way it is usually written.</summary>
    internal static string Value(PacketField field, byte[] packet)
    {
        var bytes = field.Of(packet);
        var last = field.Name[(field.Name.LastIndexOf('.') + 1)..];
        return last switch
        {
            "src" or "dst" when bytes.Length is 4 or 16 => new IPAddress(bytes).ToString(),
            "sport" or "dport" or "length" when bytes.Length == 2 => (bytes[0] << 8 | bytes[1]).ToString(),
            "flags" => ((TcpFlags)bytes[0]).ToString(),
            _
                => bytes.Length <= 64 ? Convert.ToHexStringLower(bytes)
                    : $"{Convert.ToHexStringLower(bytes[..64])}... ({bytes.Length} bytes)",
        };
    }
}
