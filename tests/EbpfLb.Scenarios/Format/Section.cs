namespace EbpfLb.Scenarios.Format;

/// <summary>A part of a case: a line "== verb" and the lines up to the next one.</summary>
/// <param name="Verb">Empty for what comes before the first section: what the case is about.</param>
/// <param name="Body">Without the line of the verb; every line ends with a newline.</param>
internal sealed record Section(string Verb, string Body)
{
    private const string Mark = "== ";

    public static List<Section> ParseAll(string text)
    {
        List<Section> sections = [];
        var verb = "";
        List<string> body = [];
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (!line.StartsWith(Mark, StringComparison.Ordinal))
            {
                body.Add(line);
                continue;
            }
            sections.Add(new Section(verb, Join(body)));
            verb = line[Mark.Length..].Trim();
            body.Clear();
        }
        sections.Add(new Section(verb, Join(body)));
        return sections;
    }

    /// <summary>Lines of the body that say something.</summary>
    public IEnumerable<string> Lines => Body.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#');

    public override string ToString() => Verb.Length == 0 ? Body : $"{Mark}{Verb}\n{Body}";

    private static string Join(List<string> lines) => string.Concat(lines.Select(l => l + "\n"));
}
