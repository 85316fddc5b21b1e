using System.Text;
using System.Text.Json;

namespace EbpfLb.Kubernetes.Api;

/// <summary>
/// Whether an answer of 200 is the list that was asked for: a web server, a login page or a proxy on the way answers 200 too. Only the
/// beginning is read, up to the field kind.
/// </summary>
internal static class ListCheck
{
    /// <summary>Bytes. Where kind comes after the items, as of a server in between that sorts fields: one Node fits many times.</summary>
    private const int Most = 512 * 1024;

    private const int Shown = 60;

    /// <param name="kind">"ServiceList".</param>
    /// <exception cref="ApiException">It is something else, or did not come in time.</exception>
    public static Task ReadAsync(ApiAnswer answer, string kind) => answer.ReadAsync(async (body, idle) =>
    {
        var buffer = new byte[4096];
        var filled = 0;
        Beginning found;
        while (true)
        {
            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = await body.ReadAsync(buffer.AsMemory(filled), idle.Token);
            filled += read;
            found = Read(buffer.AsSpan(0, filled));
            if (found.IsDecided || read == 0 || filled >= Most) break;
        }
        if (found.Kind != kind)
            throw ApiExplainer.NotTheList(
                answer.Call, answer.Server, $"{What(answer.Response, found.Kind, buffer.AsSpan(0, filled))}, and is no {kind}");
        return true;
    });

    private static Beginning Read(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("\ufeff"u8)) text = text[3..];
        try
        {
            var reader = new Utf8JsonReader(text, isFinalBlock: false, state: default);
            if (!reader.Read()) return default;
            if (reader.TokenType != JsonTokenType.StartObject) return new Beginning(true, null);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.EndObject) return new Beginning(true, null);
                var isKind = reader.ValueTextEquals("kind"u8);
                if (isKind ? !reader.Read() : !reader.TrySkip()) return default;
                if (isKind) return new Beginning(true, reader.TokenType == JsonTokenType.String ? reader.GetString() : null);
            }
            return default;
        }
        // Text without a UTF-16 form is an InvalidOperationException.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new Beginning(true, null);
        }
    }

    /// <summary>"HTTP 200 (text/html) that begins with ...".</summary>
    private static string What(HttpResponseMessage response, string? kind, ReadOnlySpan<byte> body)
    {
        var type = response.Content.Headers.ContentType?.MediaType is { Length: > 0 } media ? Printable(media) : "no content type";
        var what = $"HTTP {(int)response.StatusCode} ({type})";
        if (kind is not null) return $"{what} of kind {Printable(kind)}";
        return body.IsEmpty ? $"{what} with an empty body"
            : $"{what} that begins with \"{Printable(Encoding.UTF8.GetString(body[..Math.Min(body.Length, 4 * Shown)]))}\"";
    }

    /// <summary>On one line, and nothing that a terminal would act on.</summary>
    private static string Printable(string text)
    {
        var line = string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        var shown = string.Concat(line.Take(Shown).Select(c => char.IsControl(c) || char.IsSurrogate(c) || c == '\ufeff' ? '.' : c));
        return line.Length > Shown ? $"{shown}..." : shown;
    }

    /// <param name="IsDecided">More of the text would change nothing.</param>
    /// <param name="Kind">null: it has none, or is no JSON object.</param>
    private readonly record struct Beginning(bool IsDecided, string? Kind);
}
