using System.Text.Json.Nodes;
using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Fields;

/// <summary>How the values of a kind are read from a file, written as JSON and typed.</summary>
/// <param name="ValueName">Of an option, when its row has no better one; null: a switch.</param>
/// <param name="Read">The field of that name, or the default.</param>
/// <param name="Parse">What was given at the command line, each time. Throws <see cref="FormatException"/>.</param>
internal sealed record FieldKind<T>(
    string? ValueName, Func<FieldReader, string, T, T> Read, Func<T, JsonNode?> Write, Func<string[], T> Parse);

internal static class FieldKinds
{
    public static readonly FieldKind<string> Text = new("TEXT", (r, name, byDefault) => r.TextOr(name, byDefault), v => v, texts
        => texts[^1]);

    public static readonly FieldKind<bool> Flag = new(null, (r, name, byDefault) => r.Flag(name, byDefault), v => v, texts
        => OptionText.Bool(texts[^1]));

    public static readonly FieldKind<int> Int = new("N", (r, name, byDefault) => r.Int(name, byDefault), v => v, texts
        => OptionText.Int(texts[^1]));

    /// <summary>0 in the file is the default.</summary>
    public static readonly FieldKind<int> IntOr
        = Int with { Read = (r, name, byDefault) => r.Int(name) is not 0 and var n ? n : byDefault };

    public static readonly FieldKind<int?> MaybeInt
        = new("N", (r, name, _) => r.MaybeInt(name), v => v, texts => OptionText.Int(texts[^1]));

    /// <summary>0 in the file is the default.</summary>
    public static readonly FieldKind<double> NumberOr = new("N", (r, name, byDefault) => r.Number(name) is not 0 and var n ? n : byDefault,
        v => v, texts => OptionText.Number(texts[^1]));

    public static readonly FieldKind<double> Percent = new("PERCENT", (r, name, byDefault) => r.Number(name, byDefault), v => v, texts
        => OptionText.Number(texts[^1].TrimEnd('%')));

    public static readonly FieldKind<TimeSpan> Time = new("TIME", (r, name, byDefault) => r.Time(name, byDefault),
        v => DurationText.Format(v), texts => OptionText.Time(texts[^1]));

    /// <summary>0 in the file is the default.</summary>
    public static readonly FieldKind<TimeSpan> TimeOr = Time with { Read = (r, name, byDefault) => r.TimeOr(name, byDefault) };

    public static readonly FieldKind<TimeSpan?> MaybeTime = new("TIME", (r, name, _) => r.MaybeTime(name),
        v => v is { } time ? DurationText.Format(time) : null, texts => OptionText.Time(texts[^1]));

    public static readonly FieldKind<ValueList<string>> Texts = new("LIST", (r, name, _) => r.Texts(name),
        v => new JsonArray([.. v.Select(t => (JsonNode?)t)]), texts => [.. OptionText.List(texts)]);

    /// <summary>No texts are written as null.</summary>
    public static readonly FieldKind<ValueList<string>> TextsOrNull = Texts with { Write = v => v.Count == 0 ? null : Texts.Write(v) };
}
