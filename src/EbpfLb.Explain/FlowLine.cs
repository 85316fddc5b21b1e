using System.Text.Json;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>One line of a file of flows: {"from":"203.0.113.2","to":"172.30.0.41","port":80,"protocol":"TCP"}.</summary>
/// <param name="From">As it was written, for the answer.</param>
/// <param name="To">The same.</param>
public sealed record FlowLine(Flow Flow, string From, string To)
{
    /// <param name="unknown">Told the names of fields that say nothing to us.</param>
    /// <exception cref="FormatException">Names the field and says what to do.</exception>
    public static FlowLine Parse(ReadOnlySpan<byte> json, Action<string> unknown)
    {
        string? from = null, to = null, ingress = null;
        ushort? port = null;
        FlowPath? path = null;
        var protocol = TransportProtocol.Tcp;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new FormatException("is not a JSON object; write one flow a line");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                switch (name)
                {
                    case "from": from = Text(ref reader, name); break;
                    case "to": to = Text(ref reader, name); break;
                    case "port": port = Port(ref reader); break;
                    case "protocol": protocol = Text(ref reader, name) is { } text ? Checked(name, text, FlowText.ParseProtocol)
                        : TransportProtocol.Tcp; break;
                    case "path": path = Text(ref reader, name) is { } way ? Checked(name, way, FlowText.ParsePath) : null; break;
                    case "ingressInterface": ingress = Text(ref reader, name) is { Length: > 0 } device ? device : null; break;
                    default:
                        unknown(name);
                        reader.Skip();
                        break;
                }
            }
            // What is behind the object would be another flow, and lost.
            if (reader.Read()) throw new FormatException("has something behind the object; write one flow a line");
        }
        // The second is what System.Text.Json throws for text that has no UTF-16 form.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("is not valid JSON; write one flow a line, such as "
                    + "{\"from\":\"10.244.1.7\",\"to\":\"10.96.0.10\",\"port\":53,\"protocol\":\"UDP\"}",
                e);
        }
        var source = Checked("from", Required("from", from), FlowText.ParseAddress);
        var target = Checked("to", Required("to", to), FlowText.ParseAddress);
        if (source.Family != target.Family)
            throw new FormatException($"to: {to} is {target.Family}, from {from} {source.Family}; give two addresses of one family");
        return new FlowLine(
            new Flow(source, target, port ?? throw new FormatException("port: is missing; give the destination's, such as 80"), protocol,
                path, ingress), from!, to!);
    }

    private static string Required(string field, string? text)
        => text ?? throw new FormatException($"{field}: is missing; give an IP address");

    private static T Checked<T>(string field, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{field}: {e.Message}", e);
        }
    }

    private static string? Text(ref Utf8JsonReader reader, string field) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Null => null,
        _ => throw new FormatException($"{field}: is not a string; write it in quotes"),
    };

    private static ushort Port(ref Utf8JsonReader reader)
        => reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number is > 0 and <= ushort.MaxValue
            ? (ushort)number
            : throw new FormatException("port: is not a number from 1 to 65535; correct it");
}
