using System.Text;

namespace EbpfLb.Agent.Migration;

/// <summary>A rule as iptables-save prints it.</summary>
/// <param name="Chain">That it is in.</param>
/// <param name="Specification">What follows "-A CHAIN ", byte for byte: iptables-restore takes it back as it is.</param>
internal sealed record SavedRule(string Chain, string Specification)
{
    private const string Comments = "--comment";

    /// <summary>
    /// The chain that it jumps or goes to; null: none. A jump to a chain takes no options, so it is the end of the line. Whether there is
    /// a chain of that name, or an extension, the table knows.
    /// </summary>
    public string? Target => Words(Specification) is [.., "-j" or "-g", var target] ? target : null;

    /// <summary>The first comment; null: none.</summary>
    public string? Comment
    {
        get
        {
            var words = Words(Specification);
            var at = words.IndexOf(Comments);
            return at >= 0 && at + 1 < words.Count ? words[at + 1] : null;
        }
    }

    /// <summary>As iptables-restore reads them.</summary>
    public IReadOnlyList<string> AllWords => Words(Specification);

    /// <param name="line">"-A CHAIN ...", without counters.</param>
    /// <exception cref="FormatException">It is no rule, or a string in it does not end with the line.</exception>
    public static SavedRule Parse(string line)
    {
        var parts = line.Split(' ', 3);
        if (parts.Length < 2 || parts[0] != "-A" || parts[1].Length == 0) throw new FormatException($"'{line}' is no rule");
        var rule = new SavedRule(parts[1], parts.Length > 2 ? parts[2] : "");
        _ = Words(rule.Specification);
        return rule;
    }

    /// <summary>
    /// As iptables-restore splits a line: at spaces that are not in double quotes, where a backslash takes the next letter.
    /// </summary>
    private static List<string> Words(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        bool quoted = false, begun = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted && text[i] == '\\' && i + 1 < text.Length) word.Append(text[++i]);
            else if (text[i] == '"') (quoted, begun) = (!quoted, true);
            else if (quoted || text[i] != ' ') word.Append(text[i]);
            else if (word.Length > 0 || begun)
            {
                words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
        }
        if (quoted) throw new FormatException($"a string does not end in the rule '{text}'");
        if (word.Length > 0 || begun) words.Add(word.ToString());
        return words;
    }
}
