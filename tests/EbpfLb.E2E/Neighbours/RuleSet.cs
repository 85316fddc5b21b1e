using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// Rules of a neighbour, as it loads them: for iptables-restore and ip6tables-restore, or for nft. NODE4 and NODE6 stand for the node's
/// address, HERE4 and HERE6 for its pods.
/// </summary>
internal sealed record RuleSet(string Name)
{
    /// <summary>For iptables-restore --noflush; empty: none.</summary>
    public string Iptables { get; init; } = "";

    /// <summary>For ip6tables-restore --noflush.</summary>
    public string Ip6tables { get; init; } = "";

    /// <summary>For nft -f.</summary>
    public string Nft { get; init; } = "";

    /// <summary>Families in which it lets pods reach what knows no pods.</summary>
    public IReadOnlyList<Family> Masquerades { get; init; } = [Family.IPv4, Family.IPv6];

    /// <summary>A word of each rule that packets of these tests must have met; the rules count them.</summary>
    public required string Meets { get; init; }

    /// <exception cref="InvalidOperationException">The rules are refused.</exception>
    public void Load(NodeNetns node)
    {
        Restore(node, "iptables-restore", Iptables);
        Restore(node, "ip6tables-restore", Ip6tables);
        if (Nft.Length > 0) Run(node, file => [RepositoryPaths.Tool("nft"), "-f", file], Nft);
    }

    /// <summary>
    /// Rules with this neighbour's word whose counters are 0, of the families that it masquerades in; empty: packets met all of them.
    /// </summary>
    public string Unmet(NodeNetns node)
    {
        var (code, text) = ChildProcess.Run(node.Place, RepositoryPaths.Tool("nft"), "list", "ruleset");
        if (code != 0) throw new InvalidOperationException($"nft list ruleset said: {text}");
        var met = text.Split('\n').Where(line => line.Contains(Meets, StringComparison.Ordinal)).ToList();
        return met.Count == 0 ? $"no rule has '{Meets}':\n{text}"
            : string.Join('\n', met.Where(line => line.Contains("counter packets 0 ", StringComparison.Ordinal)));
    }

    public static void Unload(NodeNetns node) => ChildProcess.Run(node.Place, RepositoryPaths.Tool("nft"), "flush", "ruleset");

    public override string ToString() => Name;

    private static void Restore(NodeNetns node, string tool, string rules)
    {
        if (rules.Length > 0) Run(node, file => [RepositoryPaths.Tool(tool), "--noflush", file], rules);
    }

    private static void Run(NodeNetns node, Func<string, string[]> command, string rules)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file,
                rules.Replace("NODE4", $"{node.IPv4}", StringComparison.Ordinal).Replace("NODE6", $"{node.IPv6}", StringComparison.Ordinal)
                .Replace("HERE4", $"10.244.{node.Index}.0/24", StringComparison.Ordinal)
                .Replace("HERE6", $"fd00:10:244:{node.Index:x}::/64", StringComparison.Ordinal) + "\n");
            var (code, text) = ChildProcess.Run(node.Place, command(file));
            if (code != 0)
                throw new InvalidOperationException($"{string.Join(' ', command(file))} said: {text}\nto:\n{File.ReadAllText(file)}");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
