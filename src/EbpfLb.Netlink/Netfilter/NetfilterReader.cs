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
    private const int ChainTable = 1, ChainName = 3, ChainHook = 4;

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

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

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
        string? table = null, name = null;
        var isBase = false;
        var attributes = message.Attributes<NetfilterBody>();
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case ChainTable: table = attributes.Text; break;
                case ChainName: name = attributes.Text; break;
                case ChainHook: isBase = true; break;
            }
        }
        return table is null || name is null ? null : new NetfilterChain(FamilyOf(message), table, name, isBase);
    }
}

/// <summary>What nf_tables holds.</summary>
public sealed record NetfilterRules(
    IReadOnlyList<NetfilterTable> Tables, IReadOnlyList<NetfilterChain> Chains, IReadOnlyList<NetfilterRule> Rules);

/// <param name="Family">"ip", "ip6", "inet" ...</param>
public sealed record NetfilterTable(string Family, string Name);

/// <param name="IsBase">The kernel enters it at a hook; others are jumped to.</param>
public sealed record NetfilterChain(string Family, string Table, string Name, bool IsBase);

/// <param name="SourceNat">What it does to source ports; null: it does not translate sources.</param>
public sealed record NetfilterRule(string Family, string Table, string Chain, SourceNat? SourceNat);

/// <summary>A source translation as a rule asks for it.</summary>
/// <param name="First">First port of the range; null: any port.</param>
/// <param name="Last">Last port of the range; null: any port.</param>
/// <param name="IsRandom">Ports are drawn; else a connection keeps its own where that is free.</param>
public sealed record SourceNat(ushort? First, ushort? Last, bool IsRandom);
