using System.Buffers;

namespace EbpfLb.Model;

/// <summary>
/// Text that comes from objects of the cluster, before people see it: whoever may write an annotation must not write to a terminal, a log
/// or a page what he likes, nor as much as he likes.
/// </summary>
public static class ForeignText
{
    /// <summary>How much of a value a message quotes, in UTF-16 code units.</summary>
    public const int MostQuoted = 64;

    /// <summary>Stands for a character that is not shown.</summary>
    private const char Replacement = '\uFFFD';

    private static readonly SearchValues<char> Hidden = SearchValues.Create(
        [.. Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c).Where(IsHidden)]);

    private static readonly SearchValues<char> HiddenInText = SearchValues.Create(
        [.. Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c).Where(c => IsHidden(c) && c is not ('\n' or '\t'))]);

    /// <summary>
    /// Control characters (C0, DEL and C1: a terminal takes orders by them), and those that are invisible or change the direction of
    /// writing: a name could look like another one.
    /// </summary>
    public static bool IsHidden(char c) => char.IsControl(c) || c is '\u00AD' or '\u061C' or '\u180E' or '\uFEFF'
        or (>= '\u200B' and <= '\u200F') or (>= '\u2028' and <= '\u202E') or (>= '\u2060' and <= '\u206F')
        or (>= '\uFFF9' and <= '\uFFFB');

    /// <summary>A value as a message quotes it: one line, its beginning only.</summary>
    public static string Quoted(ReadOnlySpan<char> value)
    {
        if (value.Length <= MostQuoted) return OneLine(value.ToString());
        var length = char.IsHighSurrogate(value[MostQuoted - 1]) ? MostQuoted - 1 : MostQuoted;
        return OneLine(value[..length].ToString()) + "...";
    }

    /// <summary>The text with nothing hidden in it, not even the end of a line.</summary>
    public static string OneLine(string text) => Replaced(text, Hidden);

    /// <summary>The text with nothing hidden in it but ends of lines and tabs.</summary>
    public static string Visible(string text) => Replaced(text, HiddenInText);

    private static string Replaced(string text, SearchValues<char> hidden)
        => text.AsSpan().ContainsAny(hidden) ? string.Create(text.Length, (text, hidden), static (to, from) =>
            from.text.AsSpan().ReplaceAny(to, from.hidden, Replacement)) : text;
}
