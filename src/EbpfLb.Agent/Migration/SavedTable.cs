namespace EbpfLb.Agent.Migration;

/// <summary>One table of iptables-save.</summary>
/// <param name="Name">"nat".</param>
internal sealed record SavedTable(string Name, IReadOnlyList<SavedChain> Chains, IReadOnlyList<SavedRule> Rules)
{
    public bool Has(string chain) => Chains.Any(c => c.Name == chain);

    public IEnumerable<SavedRule> RulesOf(string chain) => Rules.Where(r => r.Chain == chain);

    /// <summary>Reads what `iptables-save -t TABLE` printed; null: it printed no table.</summary>
    /// <exception cref="FormatException">A line is none that iptables-save prints.</exception>
    public static SavedTable? Parse(string text)
    {
        string? name = null;
        List<SavedChain> chains = [];
        List<SavedRule> rules = [];
        foreach (var line in text.Split('\n').Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0 && l[0] != '#'))
        {
            switch (line[0])
            {
                case '*' when name is null:
                    name = line[1..];
                    break;
                case ':' when name is not null:
                    var words = line[1..].Split(' ');
                    if (words.Length < 2) throw new FormatException($"'{line}' is no chain");
                    chains.Add(new SavedChain(words[0], words[1]));
                    break;
                case '-' when name is not null:
                    rules.Add(SavedRule.Parse(line));
                    break;
                case 'C' when line == "COMMIT":
                    break;
                default:
                    throw new FormatException($"'{line}' is not understood");
            }
        }
        return name is null ? null : new SavedTable(name, chains, rules);
    }
}

/// <param name="Policy">"ACCEPT" or "DROP" of a chain of the kernel's own; "-" of others.</param>
internal sealed record SavedChain(string Name, string Policy)
{
    public bool IsBuiltIn => Policy != "-";
}
