using System.Buffers.Binary;
using EbpfLb.Native;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Netfilter;

/// <summary>
/// Reads the rules of nf_tables, which iptables of today (iptables-nft) writes too, in the network namespace of the thread that opened it.
/// Those of the older ip_tables are not in there.
/// </summary>
public sealed class NetfilterReader : IDisposable
{
    /// <summary>NFT_MSG_GETTABLE, GETCHAIN and GETRULE of NFNL_SUBSYS_NFTABLES (linux/netfilter/nf_tables.h).</summary>
    private const MessageType GetTables = (MessageType)0xa01, GetChains = (MessageType)0xa04, GetRules = (MessageType)0xa07;

    private const int TableName = 1;
    private const int ChainTable = 1, ChainName = 3, ChainHook = 4, ChainPolicy = 5, ChainType = 7;

    /// <summary>NFTA_HOOK_HOOKNUM and NFTA_HOOK_PRIORITY.</summary>
    private const int HookNumber = 1, HookPriority = 2;

    private readonly NetlinkSocket socket;

    private NetfilterReader(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">No netlink socket can be had.</exception>
    public static NetfilterReader Open() => new(NetlinkSocket.Open(protocol: LibC.NETLINK_NETFILTER));

    /// <summary>All tables, chains and rules.</summary>
    /// <exception cref="NetlinkException">EPERM: CAP_NET_ADMIN is missing. EOPNOTSUPP, EINVAL: the kernel has no nf_tables.</exception>
    public NetfilterRules Read() => new(
        socket.Dump(MessageBuilder.Create(GetTables, default(NetfilterBody)), "read the tables of netfilter", TableOf),
        socket.Dump(MessageBuilder.Create(GetChains, default(NetfilterBody)), "read the chains of netfilter", ChainOf),
        socket.Dump(MessageBuilder.Create(GetRules, default(NetfilterBody)), "read the rules of netfilter", RuleParser.Parse));

    /// <summary>
    /// The same, with what sets and maps hold in the place of their names: a rule that has a map is a rule for each of its values. Of
    /// tables that are not chosen they are not read, and count as unknown.
    /// </summary>
    /// <param name="isChosen">Whether sets of a table are read, which takes long where there are many values.</param>
    /// <exception cref="NetlinkException">As <see cref="Read"/> says.</exception>
    public NetfilterRules ReadWithSets(Func<NetfilterRule, bool> isChosen)
    {
        var rules = Read();
        var sets = new SetReader(socket);
        return rules with { Rules = [.. rules.Rules.SelectMany(rule => isChosen(rule) ? sets.Resolve(rule) : [SetReader.Unknown(rule)])] };
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    internal static byte NumberOf(string family) => family switch { "inet" => 1, "ip" => 2, "ip6" => 10, _ => 0 };

    internal static string FamilyOf(NetlinkMessage message) => message.Body<NetfilterBody>().Family switch
    {
        1 => "inet", 2 => "ip", 3 => "arp", 5 => "netdev", 7 => "bridge", 10 => "ip6", var other => $"family {other}",
    };

    private static NetfilterTable? TableOf(NetlinkMessage message)
    {
        var attributes = message.Attributes<NetfilterBody>();
        while (attributes.MoveNext())
            if (attributes.Type == TableName) return new NetfilterTable(FamilyOf(message), attributes.Text);
        return null;
    }

    private static NetfilterChain? ChainOf(NetlinkMessage message)
    {
        string? table = null, name = null, type = null;
        (uint Hook, int Priority)? hook = null;
        uint policy = 1;
        var attributes = message.Attributes<NetfilterBody>();
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case ChainTable: table = attributes.Text; break;
                case ChainName: name = attributes.Text; break;
                case ChainHook: hook = HookOf(attributes.Nested); break;
                case ChainPolicy: policy = BinaryPrimitives.ReadUInt32BigEndian(attributes.Value); break;
                case ChainType: type = attributes.Text; break;
            }
        }
        var family = FamilyOf(message);
        return table is null || name is null ? null : new NetfilterChain(family, table, name, hook is not null)
        {
            Hook = hook is { } at && family is ("ip" or "ip6" or "inet") ? (NetfilterHook)at.Hook : null,
            Priority = hook?.Priority ?? 0, IsDropPolicy = policy == 0, Type = type ?? "",
        };
    }

    private static (uint, int) HookOf(AttributeReader attributes)
    {
        var (number, priority) = (0u, 0);
        while (attributes.MoveNext())
        {
            if (attributes.Type == HookNumber) number = BinaryPrimitives.ReadUInt32BigEndian(attributes.Value);
            if (attributes.Type == HookPriority) priority = BinaryPrimitives.ReadInt32BigEndian(attributes.Value);
        }
        return (number, priority);
    }
}

/// <summary>What nf_tables holds.</summary>
public sealed record NetfilterRules(
    IReadOnlyList<NetfilterTable> Tables, IReadOnlyList<NetfilterChain> Chains, IReadOnlyList<NetfilterRule> Rules);

/// <param name="Family">"ip", "ip6", "inet" ...</param>
public sealed record NetfilterTable(string Family, string Name);

/// <param name="IsBase">The kernel enters it at a hook; others are jumped to.</param>
public sealed record NetfilterChain(string Family, string Table, string Name, bool IsBase)
{
    /// <summary>Where the kernel enters it; null: nowhere, or its family is none of IP.</summary>
    public NetfilterHook? Hook { get; init; }

    /// <summary>Of several at a hook the lowest comes first.</summary>
    public int Priority { get; init; }

    /// <summary>What no rule decides is dropped.</summary>
    public bool IsDropPolicy { get; init; }

    /// <summary>"filter", "nat", "route"; empty: no base chain.</summary>
    public string Type { get; init; } = "";
}

/// <summary>NF_INET_... of linux/netfilter.h.</summary>
public enum NetfilterHook
{
    /// <summary>NF_INET_PRE_ROUTING.</summary>
    Prerouting = 0,

    /// <summary>NF_INET_LOCAL_IN.</summary>
    Input = 1,

    /// <summary>NF_INET_FORWARD.</summary>
    Forward = 2,

    /// <summary>NF_INET_LOCAL_OUT.</summary>
    Output = 3,

    /// <summary>NF_INET_POST_ROUTING.</summary>
    Postrouting = 4,
}

/// <param name="SourceNat">What it does to source ports; null: it does not translate sources.</param>
public sealed record NetfilterRule(string Family, string Table, string Chain, SourceNat? SourceNat)
{
    /// <summary>What it asks of a packet; all of it has to be so.</summary>
    public IReadOnlyList<RuleCondition> Conditions { get; init; } = [];

    /// <summary>What becomes of a packet that it matches.</summary>
    public RuleVerdict Verdict { get; init; }

    /// <summary>The chain of a jump.</summary>
    public string? Target { get; init; }

    /// <summary>The name of a map that has the verdicts; null: none, or they are in rules of their own.</summary>
    internal string? Map { get; init; }

    internal RuleField MapField { get; init; }
}

/// <summary>A source translation as a rule asks for it.</summary>
/// <param name="First">First port of the range; null: any port.</param>
/// <param name="Last">Last port of the range; null: any port.</param>
/// <param name="IsRandom">Ports are drawn; else a connection keeps its own where that is free.</param>
public sealed record SourceNat(ushort? First, ushort? Last, bool IsRandom);
