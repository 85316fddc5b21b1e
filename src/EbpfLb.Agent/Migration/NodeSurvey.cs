using EbpfLb.Netlink;
using EbpfLb.Netlink.Conntrack;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Migration;

/// <summary>What of kube-proxy is on this node, read anew each time.</summary>
internal sealed class NodeSurvey
{
    private const string Forwarding = "FORWARD";

    private readonly List<FoundTable> tables = [];
    private readonly List<FoundNftTable> nftTables = [];
    private readonly List<string> unreadable = [], notLookedAt = [], warnings = [];
    private readonly string? portMap = PortMap.Configuration();

    public static Survey Read()
    {
        var survey = new NodeSurvey();
        survey.ReadIptables("nft");
        survey.ReadIptables("legacy");
        var holds = survey.ReadNftables();
        return new Survey(survey.tables, survey.nftTables, KubeProxyProcess.Find(), survey.Ipvs(), survey.unreadable, survey.notLookedAt,
            survey.warnings) { NftHolds = holds, Translated = survey.ReadTranslated() };
    }

    private void ReadIptables(string kind)
    {
        foreach (var family in RuleTool.Families)
        {
            IEnumerable<string> names = kind == "legacy" ? LegacyTables(family) : RuleTool.Tables;
            if (!names.Any()) continue;
            try
            {
                if (RuleTool.Find(family, kind) is { } tool)
                    foreach (var name in names) Read(tool, name);
                else if (kind == "legacy")
                    unreadable.Add(
                        $"the kernel has {family} tables of iptables-legacy, and this machine has no iptables-legacy-save to read them");
                else
                    notLookedAt.Add($"rules of iptables-nft ({family}): this machine has no iptables-nft-save");
            }
            catch (MigrationException e)
            {
                unreadable.Add(e.Message);
            }
        }
    }

    private void Read(RuleTool tool, string name)
    {
        var text = tool.Save(name);
        try
        {
            if (SavedTable.Parse(text) is not { } table) return;
            var found = new FoundTable(tool, table, text, TableRemoval.Of(table, name == "nat" ? PortMap.NeedOf(table, portMap) : null));
            tables.Add(found);
            if (name == "filter" && found.Removal.Chains.Contains(KubeProxyChains.Forward)
                && table.Chains.Any(c => c is { Name: Forwarding, Policy: "DROP" }))
                warnings.Add($"{found}: the policy of {Forwarding} is DROP, and {KubeProxyChains.Forward}, which lets established "
                    + "connections pass, is removed: check that other rules let packets from and to pods pass");
        }
        catch (FormatException e)
        {
            unreadable.Add($"table {name} of iptables-{tool.Kind} ({tool.Family}): {e.Message}");
        }
    }

    /// <summary>The kernel makes a table of iptables-legacy when it is asked for one, so only those are asked for that are there.</summary>
    private static IReadOnlyList<string> LegacyTables(string family)
    {
        try
        {
            return [.. File.ReadAllLines($"/proc/net/{family}_tables_names").Intersect(RuleTool.Tables)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private IReadOnlyList<string> ReadNftables()
    {
        try
        {
            if (NftTables.Find() is not { } nft)
            {
                notLookedAt.Add("tables of kube-proxy's nftables mode: this machine has no nft");
                return [];
            }
            foreach (var family in nft.List()) nftTables.Add(new FoundNftTable(nft, family, nft.Save(family)));
            return nft.ListHolds();
        }
        catch (MigrationException e)
        {
            unreadable.Add(e.Message);
            return [];
        }
    }

    private IReadOnlyList<string> Ipvs()
    {
        string? sets = null;
        if (ToolRunner.Find("ipset") is not { } ipset) notLookedAt.Add("sets KUBE-* of kube-proxy's IPVS mode: this machine has no ipset");
        else sets = TryRun(ipset, ["list", "-n"]);
        using var reader = NetworkReader.Open();
        return IpvsSigns.Of(reader.ReadLinks().Select(l => l.Name), VirtualServers(), sets);
    }

    private string[]? VirtualServers()
    {
        try
        {
            return File.Exists(IpvsSigns.Table) ? File.ReadAllLines(IpvsSigns.Table) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            notLookedAt.Add($"virtual servers of kube-proxy's IPVS mode: {e.Message}");
            return null;
        }
    }

    private string? TryRun(string tool, string[] arguments)
    {
        try
        {
            return ToolRunner.Run(tool, arguments);
        }
        catch (MigrationException e)
        {
            notLookedAt.Add(e.Message);
            return null;
        }
    }

    private IReadOnlyList<TranslatedConnection>? ReadTranslated()
    {
        try
        {
            using var reader = ConntrackReader.Open();
            return reader.ReadTranslated();
        }
        catch (NetlinkException e)
        {
            notLookedAt.Add($"connections of nf_conntrack: {e.Message}");
            return null;
        }
    }
}

/// <summary>A table of iptables that was read.</summary>
internal sealed record FoundTable(RuleTool Tool, SavedTable Table, string Text, TableRemoval Removal)
{
    public override string ToString() => $"iptables-{Tool.Kind}, {Tool.Family}, {Table.Name}";
}

/// <summary>A table of kube-proxy's nftables mode.</summary>
internal sealed record FoundNftTable(NftTables Nft, string Family, string Text);

/// <param name="Ipvs">Signs of IPVS mode; empty: none was seen.</param>
/// <param name="Unreadable">What may have rules of kube-proxy, and why it could not be read.</param>
/// <param name="NotLookedAt">What was left out, and why.</param>
internal sealed record Survey(
    IReadOnlyList<FoundTable> Tables,
    IReadOnlyList<FoundNftTable> NftTables,
    IReadOnlyList<KubeProxyProcess> Processes,
    IReadOnlyList<string> Ipvs,
    IReadOnlyList<string> Unreadable,
    IReadOnlyList<string> NotLookedAt,
    IReadOnlyList<string> Warnings)
{
    /// <summary>Families in which our table of nftables holds nf_conntrack.</summary>
    public IReadOnlyList<string> NftHolds { get; init; } = [];

    /// <summary>Connections whose destination netfilter changes, whoever's rules did that; null: they could not be read.</summary>
    public IReadOnlyList<TranslatedConnection>? Translated { get; init; }

    public IEnumerable<FoundTable> ToChange => Tables.Where(t => !t.Removal.IsEmpty);

    /// <summary>
    /// kube-proxy itself wrote something of this: a kubelet of before 1.28 makes the chains that masquerade, and the jump to them, too.
    /// Chains without a jump are what a run left, as others used them then.
    /// </summary>
    public bool HasOwnJumps => NftTables.Count > 0
        || Tables.Any(t => t.Removal.Jumps.Any(j => j.Target != KubeProxyChains.Postrouting));

    /// <summary>Nothing of kube-proxy's is left that could be removed.</summary>
    public bool IsClean => NftTables.Count == 0 && !ToChange.Any();
}
