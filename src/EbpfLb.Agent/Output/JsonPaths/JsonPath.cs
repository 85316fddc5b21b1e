using System.Text.Json;

namespace EbpfLb.Agent.Output.JsonPaths;

/// <summary>
/// A template as `kubectl get -o jsonpath=` has it, a subset: text, {.field}, ['field'], [n], [n:m], [*], [?(@.field=="x")],
/// {range}{end} and {"literals"}. It is not RFC 9535, whose expressions have no braces and no ranges.
/// </summary>
internal sealed class JsonPath
{
    private readonly IReadOnlyList<TemplatePart> parts;

    private JsonPath(IReadOnlyList<TemplatePart> parts) => this.parts = parts;

    /// <exception cref="FormatException">It is none; the message has the column, from 1.</exception>
    public static JsonPath Parse(string text) => new(new TemplateParser(text).Parse());

    /// <summary>What is not there prints nothing, as with kubectl.</summary>
    public void Write(JsonElement root, TextWriter output)
    {
        foreach (var part in parts) part.Write(root, root, output);
    }
}

/// <summary>A part of a template.</summary>
internal abstract record TemplatePart
{
    /// <param name="root">What "$" means.</param>
    /// <param name="here">What a path without "$" begins at.</param>
    public abstract void Write(JsonElement root, JsonElement here, TextWriter output);
}

internal sealed record TextPart(string Text) : TemplatePart
{
    public override void Write(JsonElement root, JsonElement here, TextWriter output) => output.Write(Text);
}

/// <summary>Values, a blank between them.</summary>
internal sealed record ValuePart(ValuePath Path) : TemplatePart
{
    public override void Write(JsonElement root, JsonElement here, TextWriter output)
    {
        var isFirst = true;
        foreach (var value in Path.Find(root, here))
        {
            if (!isFirst) output.Write(' ');
            isFirst = false;
            output.Write(ValueText.Of(value));
        }
    }
}

/// <summary>The body once for each value, which its paths begin at.</summary>
internal sealed record RangePart(ValuePath Path, IReadOnlyList<TemplatePart> Body) : TemplatePart
{
    public override void Write(JsonElement root, JsonElement here, TextWriter output)
    {
        foreach (var value in Path.Find(root, here))
            foreach (var part in Body) part.Write(root, value, output);
    }
}

/// <summary>Values as text.</summary>
internal static class ValueText
{
    /// <summary>Strings without quotes; objects and lists as JSON on one line.</summary>
    public static string Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Object or JsonValueKind.Array => Json(value),
        _ => value.GetRawText(),
    };

    private static string Json(JsonElement value)
    {
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var writer = new Utf8JsonWriter(buffer, options)) value.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
