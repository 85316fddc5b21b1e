using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EbpfLb.Agent.Output.JsonPaths;

/// <summary>Reads paths, from a place in a template on.</summary>
internal sealed class PathParser(string text)
{
    private const int DeepestFilter = 16;

    /// <summary>Longer ones first.</summary>
    private static readonly (string Sign, Comparison Comparison)[] Signs =
    [
        ("==", Comparison.Equal), ("!=", Comparison.NotEqual), ("<=", Comparison.LessOrEqual), (">=", Comparison.GreaterOrEqual),
        ("<", Comparison.Less), (">", Comparison.Greater),
    ];

    private int at;
    private int depth;

    public bool IsAtEnd => at == text.Length;

    /// <summary>From 1.</summary>
    public int Column => at + 1;

    private char Next => at < text.Length ? text[at] : '\0';

    public FormatException Wrong(string what, int column) => new($"column {column} of '{text}': {what}");

    public FormatException Unexpected(string expected)
        => Wrong(IsAtEnd ? $"{expected} is missing at the end" : $"'{Next}' where {expected} should be", Column);

    /// <summary>Up to the next brace, or the end.</summary>
    public string TakeText()
    {
        var begin = at;
        while (!IsAtEnd && Next != '{') at++;
        return text[begin..at];
    }

    public void Take(char expected)
    {
        if (!TryTake(expected)) throw Unexpected($"'{expected}'");
    }

    public bool TryTake(char wanted)
    {
        if (IsAtEnd || Next != wanted) return false;
        at++;
        return true;
    }

    public void SkipBlanks()
    {
        while (!IsAtEnd && Next is ' ' or '\t' or '\n') at++;
    }

    /// <summary>A word that ends where it ends, and does not begin another.</summary>
    public bool TryTakeWord(string word)
    {
        var end = at + word.Length;
        if (!text.AsSpan(at).StartsWith(word) || (end < text.Length && text[end] is not (' ' or '\t' or '\n' or '}'))) return false;
        at = end;
        return true;
    }

    /// <summary>In double or single quotes, with \n, \t, \\ and quotes; null: here is none.</summary>
    public string? TryTakeLiteral()
    {
        if (Next is not ('"' or '\'')) return null;
        var (begin, quote) = (Column, text[at++]);
        var literal = new StringBuilder();
        while (true)
        {
            if (IsAtEnd) throw Wrong($"the text that begins here has no closing {quote}", begin);
            var c = text[at++];
            if (c == quote) return literal.ToString();
            literal.Append(c == '\\' ? Escaped() : c);
        }
    }

    public ValuePath TakePath()
    {
        var fromRoot = TryTake('$');
        var hasBegin = fromRoot || TryTake('@');
        if (!hasBegin && Next is not ('.' or '['))
            throw Unexpected("a path such as .services[*].service, or text in quotes,");
        List<PathStep> steps = [];
        while (Next is '.' or '[')
        {
            if (Next == '[') steps.Add(TakeBracket());
            else if (TakeField() is { } step) steps.Add(step);
        }
        return new ValuePath(fromRoot, steps);
    }

    private char Escaped()
    {
        var c = Next;
        if (c is not ('n' or 't' or 'r' or '\\' or '"' or '\'')) throw Unexpected("n, t, r, a quote or \\ after \\");
        at++;
        return c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', _ => c };
    }

    /// <summary>null: "." alone, which is the value itself.</summary>
    private PathStep? TakeField()
    {
        Take('.');
        if (Next == '.') throw Wrong("'..' (fields at any depth) is not known here; write the whole path", at);
        if (TryTake('*')) return new AllStep();
        var name = new StringBuilder();
        while (!IsAtEnd && Next is not ('.' or '[' or ']' or '}' or '{' or '(' or ')' or ' ' or '\t' or '\n' or '=' or '!' or '<' or '>'
            or ',' or '"' or '\''))
        {
            // A point in a name is written "\.".
            if (Next == '\\') at++;
            if (IsAtEnd) throw Unexpected("a character after \\");
            name.Append(text[at++]);
        }
        if (name.Length > 0) return new FieldStep(name.ToString());
        return IsAtEnd || Next is '}' or '[' or ' ' ? null : throw Unexpected("the name of a field");
    }

    private PathStep TakeBracket()
    {
        Take('[');
        SkipBlanks();
        PathStep step = Next switch
        {
            '*' => TakeAll(),
            '\'' or '"' => new FieldStep(TryTakeLiteral()!),
            '?' => TakeFilter(),
            _ => TakeIndex(),
        };
        SkipBlanks();
        if (Next == ',') throw Wrong("several in one pair of brackets are not known here; write a path for each", Column);
        Take(']');
        return step;
    }

    private AllStep TakeAll()
    {
        Take('*');
        return new AllStep();
    }

    private PathStep TakeIndex()
    {
        var first = TryTakeNumber();
        if (!TryTake(':')) return first is { } index ? new IndexStep(index) : throw Unexpected("a number, *, a name in quotes or ?(...)");
        return new SliceStep(first, TryTakeNumber());
    }

    private int? TryTakeNumber()
    {
        var begin = at;
        TryTake('-');
        while (char.IsAsciiDigit(Next)) at++;
        if (at == begin) return null;
        return int.TryParse(text.AsSpan(begin, at - begin), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong($"'{text[begin..at]}' is not a place in a list", begin + 1);
    }

    private FilterStep TakeFilter()
    {
        if (++depth > DeepestFilter) throw Wrong($"filters within filters go {DeepestFilter} deep at most", Column);
        Take('?');
        Take('(');
        var left = TakeOperand();
        SkipBlanks();
        Comparison? comparison = null;
        foreach (var (sign, meaning) in Signs)
        {
            if (comparison is not null || !text.AsSpan(at).StartsWith(sign)) continue;
            comparison = meaning;
            at += sign.Length;
        }
        var right = comparison is null ? null : TakeOperand();
        SkipBlanks();
        if (!TryTake(')')) throw Unexpected(comparison is null ? "a comparison (==, !=, <, <=, >, >=) or ')'" : "')'");
        depth--;
        return new FilterStep(left, comparison ?? default, right);
    }

    private Operand TakeOperand()
    {
        SkipBlanks();
        var begin = at;
        if (TryTakeLiteral() is { } literal) return new Operand(null, Element(writer => writer.WriteStringValue(literal)));
        if (Next is '@' or '$' or '.') return new Operand(TakePath(), default);
        while (!IsAtEnd && Next is not (')' or ' ' or '=' or '!' or '<' or '>' or ']' or '}')) at++;
        var word = text[begin..at];
        if (word is "true" or "false") return new Operand(null, Element(writer => writer.WriteBooleanValue(word == "true")));
        if (word is "null") return new Operand(null, Element(writer => writer.WriteNullValue()));
        if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            return new Operand(null, Element(writer => writer.WriteNumberValue(number)));
        throw Wrong(word.Length == 0 ? "a path such as @.kind, or a value, is missing here"
            : $"'{word}' is neither a path such as @.kind nor a number; put text into quotes", begin + 1);
    }

    private static JsonElement Element(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        return JsonElement.Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }
}
