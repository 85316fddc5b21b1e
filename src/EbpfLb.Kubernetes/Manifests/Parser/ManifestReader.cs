using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// Reads the text of a file: YAML or JSON, one document or several, lists or single objects. Never throws for what a
/// file may hold. Not thread-safe.
/// </summary>
/// <param name="ignored">Told of objects of other kinds: file, apiVersion, kind.</param>
internal sealed class ManifestReader(ManifestOptions options, Action<WireWarning> dropped, Action<string, string, string> ignored)
{
    public const string HalfPair = "a key or a text has half of a surrogate pair; correct the \\u escape";

    private readonly ObjectReader objects = new(options, dropped);

    /// <summary>Reads a whole file. Text that cannot be read at all gives null and one problem.</summary>
    public ManifestContent? Read(string file, ReadOnlyMemory<byte> content, out ManifestProblem? broken)
    {
        broken = null;
        try
        {
            content = ByteOrderMarks.AfterHead(content);
            CheckUtf8(content.Span);
            var reading = new FileReading(file, objects, ignored);
            if (IsJson(file, content.Span, out var mayBeYaml) && TryJson(reading, content, mayBeYaml)) return reading.Complete();
            Yaml(reading, content.Span);
            return reading.Complete();
        }
        catch (ManifestSyntaxException e)
        {
            broken = new ManifestProblem(true, file, e.Position.Line, e.Position.Column, "", "", e.Message);
            return null;
        }
    }

    /// <summary>
    /// Reads a large List in JSON piece by piece. null: it is not one, or something is wrong with it; then <see cref="Read"/> says what.
    /// </summary>
    /// <param name="before">What an earlier reading found.</param>
    public ListContent? ReadList(string file, Stream stream, ListContent? before)
    {
        var reading = new FileReading(file, objects, ignored);
        reading.Begin(TextPosition.Start, 0);
        return new ListReading(reading, before).Read(stream);
    }

    private static bool TryJson(FileReading reading, ReadOnlyMemory<byte> content, bool mayBeYaml)
    {
        try
        {
            Json(reading, ByteOrderMarks.Blanked(content));
            return true;
        }
        catch (JsonException) when (mayBeYaml)
        {
            // "{a: b}" begins like JSON and is YAML; the YAML reader has the say then.
            reading.Restart();
            return false;
        }
        catch (JsonException e)
        {
            var position = new TextPosition((int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1);
            throw new ManifestSyntaxException(
                position, $"not valid JSON: {ReasonOf(e, content.Span)}; correct the line or remove the file");
        }
    }

    /// <summary>What the reader says of a comma behind the last element is for programmers.</summary>
    private static string ReasonOf(JsonException e, ReadOnlySpan<byte> content)
    {
        if (EndsWithComma(e, content)) return "a comma stands behind the last element of a list or object, where JSON has none";
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? e.Message : e.Message[..end]).TrimEnd('.');
    }

    /// <summary>With such commas allowed the text would be read on from there.</summary>
    private static bool EndsWithComma(JsonException e, ReadOnlySpan<byte> content)
    {
        try
        {
            var reader = new Utf8JsonReader(content, JsonLocator.ReaderOptions with { AllowTrailingCommas = true });
            while (reader.Read())
            {
                // Only how far it comes matters.
            }
            return true;
        }
        catch (JsonException later)
        {
            return (later.LineNumber, later.BytePositionInLine) is var (line, at)
                && (line > e.LineNumber || (line == e.LineNumber && at > e.BytePositionInLine));
        }
    }

    private static void Json(FileReading reading, ReadOnlyMemory<byte> content)
    {
        var outlines = new List<JsonOutline>();
        var reader = new Utf8JsonReader(content.Span, JsonLocator.ReaderOptions);
        var lines = new LineCounter(content.Span);
        try
        {
            while (reader.Read()) outlines.Add(JsonOutline.Read(ref reader));
        }
        catch (InvalidOperationException)
        {
            throw new ManifestSyntaxException(lines.PositionOf((int)reader.TokenStartIndex), HalfPair);
        }
        reading.Json = content;
        foreach (var outline in outlines)
        {
            reading.Begin(lines.PositionOf(outline.Start), outline.Start);
            if (outline.Items is null)
            {
                reading.Add(content, outline, static _ => default);
                continue;
            }
            var starts = new TextPosition[outline.Items.Count];
            for (var i = 0; i < starts.Length; i++) starts[i] = lines.PositionOf(outline.Items[i].Start);
            reading.Add(content, outline, i => starts[i]);
        }
    }

    private static void Yaml(FileReading reading, ReadOnlySpan<byte> content)
    {
        var text = new char[Encoding.UTF8.GetCharCount(content)];
        Encoding.UTF8.GetChars(content, text);
        var readable = ByteOrderMarks.Removed(text);
        reading.Yaml = readable;
        var yaml = new YamlToJson(readable);
        while (yaml.Read())
        {
            reading.Begin(yaml.Start, 0);
            var reader = new Utf8JsonReader(yaml.Json.Span, JsonLocator.ReaderOptions);
            reader.Read();
            var starts = yaml.ItemStarts;
            var start = yaml.Start;
            reading.Add(yaml.Json, JsonOutline.Read(ref reader), i => i < starts.Count ? starts[i] : start);
        }
    }

    private static bool IsJson(string file, ReadOnlySpan<byte> content, out bool mayBeYaml)
    {
        mayBeYaml = !file.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        return !mayBeYaml || content.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
    }

    private static void CheckUtf8(ReadOnlySpan<byte> content)
    {
        if (content is [0xff, 0xfe, ..] or [0xfe, 0xff, ..] or [0, ..] or [_, 0, ..])
            throw new ManifestSyntaxException(TextPosition.Start, "UTF-16 or UTF-32 text, not UTF-8; save the file as UTF-8");
        if (Utf8.IsValid(content)) return;
        var good = 0;
        while (Rune.DecodeFromUtf8(content[good..], out _, out var length) == System.Buffers.OperationStatus.Done) good += length;
        var lines = new LineCounter(content);
        throw new ManifestSyntaxException(lines.PositionOf(good), "not UTF-8; save the file as UTF-8");
    }
}
