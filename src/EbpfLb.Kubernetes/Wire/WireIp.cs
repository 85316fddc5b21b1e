using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>
/// An address read straight from UTF-8: no string is made for the hundreds of thousands that parse.
/// <see cref="Text"/> is what was written when it is no address ("None", "", a typing error), else null.
/// </summary>
[JsonConverter(typeof(WireIpConverter))]
internal readonly record struct WireIp(IpAddress Address, string? Text = null);

/// <summary>Reads <see cref="WireIp"/> leniently (docs/contract.md 1): IPv4 octets with leading zeros are decimal.</summary>
internal sealed class WireIpConverter : JsonConverter<WireIp>
{
    /// <summary>The longest text of an address: eight groups of four with the last two as dotted IPv4 is 45.</summary>
    private const int LongestAddress = 64;

    public override WireIp Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException("an address must be a string");
        if (!reader.ValueIsEscaped && !reader.HasValueSequence && reader.ValueSpan.Length <= LongestAddress)
        {
            Span<char> buffer = stackalloc char[LongestAddress];
            if (Encoding.UTF8.TryGetChars(reader.ValueSpan, buffer, out var length)
                && IpAddress.TryParse(buffer[..length], out var address)) return new(address);
        }
        return new(default, reader.GetString() ?? "");
    }

    public override void Write(Utf8JsonWriter writer, WireIp value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.Text ?? value.Address.ToString());
}
