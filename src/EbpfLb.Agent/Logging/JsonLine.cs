using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EbpfLb.Agent.Logging;

/// <summary>One JSON object a line: ts, level, logger, event, msg, the message's values by name, exception.</summary>
internal static class JsonLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HashSet<string> OwnKeys = ["ts", "level", "logger", "event", "msg", "leftOut", "exception"];

    public static void Append(StringBuilder text, in LogLine line)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("ts", line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"));
            json.WriteString("level", line.LevelName);
            json.WriteString("logger", line.Logger);
            if (line.Event is not null) json.WriteString("event", line.Event);
            json.WriteString("msg", line.Message);
            foreach (var (name, value) in line.Fields)
                if (name != "{OriginalFormat}") WriteField(json, JsonNamingPolicy.CamelCase.ConvertName(name), value);
            if (line.LeftOut > 0) json.WriteNumber("leftOut", line.LeftOut);
            if (line.Exception is not null) json.WriteString("exception", line.Exception.ToString());
            json.WriteEndObject();
        }
        text.Append(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        json.WritePropertyName(OwnKeys.Contains(name) ? name + "_" : name);
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int or long or short or byte or sbyte or ushort or uint: json.WriteNumberValue(Convert.ToInt64(value)); break;
            case ulong number: json.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            default: json.WriteStringValue(value.ToString()); break;
        }
    }
}
