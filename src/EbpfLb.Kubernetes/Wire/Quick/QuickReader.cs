using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using EbpfLb.Kubernetes.Manifests.Validation;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire.Quick;

/// <summary>
/// Reads the text of one object once, token by token, and declines whatever is not plainly good: a name that stands in an object
/// twice, an escape, a value of another type. Who is declined is read by the thorough way, which has the say on every doubt and the words
/// for every mistake. After a decline all that is asked for ends at once.
/// </summary>
internal ref struct QuickReader
{
    /// <summary>Names of all open objects together; more are declined. A slice with managed fields has some 30.</summary>
    public const int MostNames = 192;

    /// <summary>Far below what the thorough ways allow, so that they decide.</summary>
    private const int DeepestNesting = 32;

    /// <summary>The longest text that has a rule: a qualified name, of a prefix of 253, "/" and 63.</summary>
    private const int LongestRuled = 320;

    /// <summary>Of names of fields and addresses, and of most names.</summary>
    private const int LongestUsual = 64;

    private readonly ReadOnlySpan<byte> text;
    private readonly Span<(int Start, int Length)> names;
    private readonly StringPool pool;
    private Utf8JsonReader json;
    private ReadOnlySpan<byte> name;
    private int count;

    /// <param name="names">Room for <see cref="MostNames"/>.</param>
    public QuickReader(ReadOnlySpan<byte> text, Span<(int Start, int Length)> names, StringPool pool)
    {
        this.text = text;
        this.names = names;
        this.pool = pool;
        json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = DeepestNesting });
        json.Read();
    }

    public bool IsDeclined { get; private set; }

    public JsonTokenType Token => json.TokenType;

    /// <summary>Returns false, for callers that have to.</summary>
    public bool Decline()
    {
        IsDeclined = true;
        return false;
    }

    /// <summary>Declines unless it holds.</summary>
    public void Require(bool isGood) => IsDeclined |= !isGood;

    /// <summary>Whether all of the text was good, and nothing follows the object.</summary>
    /// <exception cref="JsonException">Something follows it.</exception>
    public bool Completes() => !IsDeclined && !json.Read();

    /// <summary>Begins an object; returns what <see cref="NextMember"/> needs.</summary>
    public int BeginObject()
    {
        Require(json.TokenType == JsonTokenType.StartObject);
        return count;
    }

    /// <summary>Goes to the value of the next member; false after the last one.</summary>
    /// <param name="mayQuote">Its name may have quotes in it, as those of managedFields have.</param>
    public bool NextMember(int first, bool mayQuote = false)
    {
        if (IsDeclined || !json.Read()) return Decline();
        if (json.TokenType == JsonTokenType.EndObject)
        {
            count = first;
            return false;
        }
        name = json.ValueSpan;
        if (count == names.Length || (json.ValueIsEscaped && !(mayQuote && IsPlain(name)))) return Decline();
        foreach (var (start, length) in names[first..count])
            if (length == name.Length && text.Slice(start, length).SequenceEqual(name)) return Decline();
        names[count++] = ((int)json.TokenStartIndex + 1, name.Length);
        return json.Read();
    }

    /// <summary>Whether the member of <see cref="NextMember"/> is called so.</summary>
    public readonly bool Is(ReadOnlySpan<byte> wanted) => name.SequenceEqual(wanted);

    /// <summary>Whether it is apiVersion or kind, which then must be these.</summary>
    public bool Says(string version, string kind)
    {
        var isVersion = Is("apiVersion"u8);
        if (!isVersion && !Is("kind"u8)) return false;
        Text(isVersion ? version : kind);
        return true;
    }

    /// <summary>Whether it begins so.</summary>
    public readonly bool Begins(ReadOnlySpan<byte> wanted) => name.StartsWith(wanted);

    /// <summary>Whether it is one of these.</summary>
    public readonly bool IsOneOf(FrozenSet<string> known)
    {
        Span<char> chars = stackalloc char[LongestUsual];
        return TryChars(name, ref chars) && known.GetAlternateLookup<ReadOnlySpan<char>>().Contains(chars);
    }

    /// <summary>Declines unless the name is of this form.</summary>
    /// <param name="lower">Upper case counts as lower case.</param>
    public void RequireName(MetadataCheck.NameRule rule, bool lower = false) => Require(Obeys(name, rule, lower));

    public void BeginArray() => Require(json.TokenType == JsonTokenType.StartArray);

    /// <summary>Goes to the next entry; false after the last one.</summary>
    public bool NextItem()
    {
        if (IsDeclined || !json.Read()) return Decline();
        return json.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Passes over a value; in its objects, too, no name may stand twice.</summary>
    public void Skip()
    {
        if (json.TokenType == JsonTokenType.StartObject)
        {
            var first = BeginObject();
            while (NextMember(first, mayQuote: true)) Skip();
        }
        else if (json.TokenType == JsonTokenType.StartArray)
        {
            while (NextItem()) Skip();
        }
    }

    /// <summary>A string of ASCII without escapes.</summary>
    public ReadOnlySpan<byte> Text()
    {
        if (json.TokenType == JsonTokenType.String && !json.ValueIsEscaped && Ascii.IsValid(json.ValueSpan)) return json.ValueSpan;
        Decline();
        return default;
    }

    /// <summary>A string of this form.</summary>
    public ReadOnlySpan<byte> Text(MetadataCheck.NameRule rule)
    {
        var value = Text();
        Require(Obeys(value, rule, lower: false));
        return value;
    }

    /// <summary>A string that is one of these; which one.</summary>
    public string Text(params ReadOnlySpan<string> allowed)
    {
        var value = Text();
        foreach (var one in allowed)
            if (Ascii.Equals(value, one)) return one;
        Decline();
        return "";
    }

    /// <summary>The string for these bytes, shared with equal ones.</summary>
    public readonly string Pooled(ReadOnlySpan<byte> value) => pool.Share(value);

    /// <summary>Passes over a string that has a UTF-16 form; how many bytes it has.</summary>
    public int SkipText()
    {
        Require(json.TokenType == JsonTokenType.String && !(json.ValueIsEscaped && json.ValueSpan.IndexOf("\\u"u8) >= 0)
            && Utf8.IsValid(json.ValueSpan));
        return json.ValueSpan.Length;
    }

    /// <summary>A whole number.</summary>
    public int Integer(int least, int most)
    {
        if (json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var value) && value >= least && value <= most) return value;
        Decline();
        return 0;
    }

    public bool Flag()
    {
        Require(json.TokenType is JsonTokenType.True or JsonTokenType.False);
        return json.TokenType == JsonTokenType.True;
    }

    /// <summary>An address.</summary>
    public IpAddress Address()
    {
        Span<char> chars = stackalloc char[LongestUsual];
        if (TryChars(Text(), ref chars) && IpAddress.TryParse(chars, out var address)) return address;
        Decline();
        return default;
    }

    /// <summary>Escaped are quotes and backslashes alone, each of which is written so only: equal names are equal bytes.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> escaped)
    {
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '\\') continue;
            if (escaped[++i] is not ((byte)'"' or (byte)'\\')) return false;
        }
        return true;
    }

    private static bool Obeys(ReadOnlySpan<byte> value, MetadataCheck.NameRule rule, bool lower)
    {
        var chars = value.Length <= LongestUsual ? stackalloc char[LongestUsual] : stackalloc char[LongestRuled];
        if (!TryChars(value, ref chars)) return false;
        if (lower) Ascii.ToLowerInPlace(chars, out _);
        return rule(chars) is null;
    }

    /// <param name="chars">Room at first, then the characters.</param>
    private static bool TryChars(ReadOnlySpan<byte> value, scoped ref Span<char> chars)
    {
        if (Ascii.ToUtf16(value, chars, out var length) != System.Buffers.OperationStatus.Done) return false;
        chars = chars[..length];
        return true;
    }
}
