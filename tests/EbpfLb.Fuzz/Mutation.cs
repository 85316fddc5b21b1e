using System.Buffers.Binary;
using System.Text;

namespace EbpfLb.Fuzz;

/// <summary>Makes inputs from good ones: bytes, words, lines and whole parts of them are changed, moved and mixed.</summary>
internal sealed class Mutation(IReadOnlyList<byte[]> corpus, IReadOnlyList<string> ownWords, int longest)
{
    private static readonly string[] Anywhere =
    [
        "\t", "\n", "\r\n", "  ", "- ", ": ", "[", "]", "{", "}", "[[[[[[[[", "{\"a\":",
        "\"", "'", "&a ", "*a ", "<<: ", "? ", "|", ">-", "|2\n",
        "!!int ", "!!binary ", "!<", "%YAML 1.2\n", "---\n", "...\n", "#", "null", "~", "true", "false", "True", "yes", "\0", "\u0085",
        "\ud83d\ude00", "\\", "\\u", "\\ud800", "\\u0000", "\"\\ud800\"", "\"\\udc00\\ud800\"", ".nan", ".inf", ",",
        "\ufeff", "\u2028", "\u00a0",
        "0", "-0", "-1", "1", "00", "0x50", "0o17", "1_000", "1e3", "1e999", "80.0", "65535", "65536", "2147483647", "2147483648",
        "4294967296", "9223372036854775807", "9223372036854775808", "99999999999999999999", "0.5", "1s", "1h1m", "-5s", "1e9h",
        "292277h", "300ms", "1.1.1.1", "1.1.1.1/33", "0.0.0.0/0", "::", "::1", "::ffff:1.2.3.4", "fe80::1%eth0", "fe80::1%25", "01.2.3.4",
        "1.2.3", "10.0.0.0/8", "::/0", "::/129", "[::1]:80", ":80", "a:b", "localhost:99999", "", " ", "a", "A", "-", "--", ".", "..", "/",
        "//", "%", "%zz", "*", "=", "==", "é", "x/y", "a=1,b=2", "a=,=,", "1.2.3.4=5", "http://", "https://[", "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z",
    ];

    private readonly string[] words = [.. Anywhere, .. ownWords, .. Harvest(corpus)];

    public byte[] Make(Random random)
    {
        var bytes = Part(random);
        // Mostly little is changed: what is damaged everywhere is refused at its first line.
        for (var left = random.Next(1, random.Next(4) == 0 ? 12 : 4); left > 0 && bytes.Length > 0; left--) bytes = Change(bytes, random);
        return bytes.Length > longest ? bytes[..longest] : bytes;
    }

    private byte[] Part(Random random) => corpus[random.Next(corpus.Count)];

    private byte[] Change(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length);
        var end = Math.Min(bytes.Length, at + random.Next(1, 12));
        switch (random.Next(13))
        {
            case 0:
                return With(bytes, at, at + 1, [(byte)(bytes[at] ^ (1 << random.Next(8)))]);
            case 1:
                return With(bytes, at, at + 1, [(byte)random.Next(256)]);
            case 2:
                return With(bytes, at, end, []);
            case 3:
                return random.Next(4) == 0 ? bytes[..at] : With(bytes, at, at, bytes[at..end]);
            case 4:
                return With(bytes, at, at, Word(random));
            case 5:
            case 6:
            case 7:
                // A value or a name as a whole: what checks fields comes after what reads the text.
                var (first, last) = WordAt(bytes, at);
                return With(bytes, first, last, Word(random));
            case 8:
                var (from, to) = LineAt(bytes, at);
                return random.Next(2) == 0 ? With(bytes, from, to, []) : With(bytes, from, from, bytes[from..to]);
            case 9:
            {
                var other = Part(random);
                var start = random.Next(other.Length);
                return With(bytes, at, end, other[start..Math.Min(other.Length, start + random.Next(1, 400))]);
            }
            case 10:
                // Deep or long: the same many times.
                var times = random.Next(2, random.Next(8) == 0 ? 900 : 20);
                return With(bytes, at, at, [.. Enumerable.Repeat(bytes[at..end], times).SelectMany(b => b)]);
            case 11:
            {
                var (lineStart, lineEnd) = LineAt(bytes, random.Next(bytes.Length));
                return With(bytes, at, at, bytes[lineStart..lineEnd]);
            }
            default:
                return Number(bytes, at, random);
        }
    }

    /// <summary>A number of four bytes, as the binary ones have it; in a text it is noise.</summary>
    private static byte[] Number(byte[] bytes, int at, Random random)
    {
        var copy = bytes.ToArray();
        at &= ~3;
        if (at + 4 > copy.Length) return copy;
        var value = BinaryPrimitives.ReadUInt32LittleEndian(copy.AsSpan(at));
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(at), random.Next(6) switch
        {
            0 => 0,
            1 => uint.MaxValue,
            2 => value + (uint)random.Next(-3, 4),
            3 => (uint)random.Next(256),
            4 => value ^ (1u << random.Next(32)),
            _ => (uint)copy.Length + (uint)random.Next(-4, 5),
        });
        return copy;
    }

    private byte[] Word(Random random) => Encoding.UTF8.GetBytes(words[random.Next(words.Length)]);

    private static byte[] With(byte[] bytes, int from, int to, byte[] instead) => [.. bytes[..from], .. instead, .. bytes[to..]];

    private static (int From, int To) WordAt(byte[] bytes, int at)
    {
        var (from, to) = (at, at);
        while (from > 0 && IsOfWord(bytes[from - 1])) from--;
        while (to < bytes.Length && IsOfWord(bytes[to])) to++;
        return (from, to);
    }

    private static (int From, int To) LineAt(byte[] bytes, int at)
    {
        var from = at == 0 ? 0 : Array.LastIndexOf(bytes, (byte)'\n', at - 1) + 1;
        var to = Array.IndexOf(bytes, (byte)'\n', at);
        return (from, to < 0 ? bytes.Length : to + 1);
    }

    private static bool IsOfWord(byte value)
        => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'.' or (byte)'-' or (byte)'/' or (byte)'_';

    /// <summary>Names and values that the good inputs have: in another field they are the likeliest mistake.</summary>
    private static SortedSet<string> Harvest(IReadOnlyList<byte[]> corpus)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var text in corpus)
        {
            for (var i = 0; i < text.Length && found.Count < 600; i++)
            {
                if (!IsOfWord(text[i])) continue;
                var (from, to) = WordAt(text, i);
                if (to - from is > 1 and < 60) found.Add(Encoding.UTF8.GetString(text, from, to - from));
                i = to;
            }
        }
        return found;
    }
}
