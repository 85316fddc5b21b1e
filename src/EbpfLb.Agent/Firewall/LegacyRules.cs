using System.Globalization;
using System.Net;
using System.Text;
using EbpfLb.Agent.Migration;
using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Firewall;

/// <summary>Rules of the older ip_tables, which only their own tools can read, in the form of those of nf_tables.</summary>
internal static class LegacyRules
{
    /// <summary>Behind the name of a table.</summary>
    public const string Suffix = " (iptables-legacy)";

    private static readonly (string Name, NetfilterHook Hook)[] Hooks =
    [
        ("PREROUTING", NetfilterHook.Prerouting), ("INPUT", NetfilterHook.Input), ("FORWARD", NetfilterHook.Forward),
        ("OUTPUT", NetfilterHook.Output), ("POSTROUTING", NetfilterHook.Postrouting),
    ];

    /// <summary>Tables that drop, with what they have as a priority (linux/netfilter_ipv4.h).</summary>
    private static readonly Dictionary<string, int> Priorities = new() { ["raw"] = -300, ["mangle"] = -150, ["filter"] = 0 };

    /// <param name="unread">What could not be read, and why.</param>
    public static NetfilterRules Read(List<string> unread)
    {
        List<NetfilterChain> chains = [];
        List<NetfilterRule> rules = [];
        foreach (var family in RuleTool.Families)
        {
            // The kernel makes a table when it is asked for one, so only those are asked for that are there.
            foreach (var name in Names(family).Where(Priorities.ContainsKey))
            {
                try
                {
                    if (RuleTool.Find(family, "legacy") is not { } tool)
                        unread.Add($"the kernel has a table {name} of iptables-legacy ({family}), and there is no iptables-legacy-save");
                    else if (SavedTable.Parse(tool.Save(name)) is { } table) Add(family, table, chains, rules);
                }
                catch (Exception e) when (e is MigrationException or FormatException)
                {
                    unread.Add($"table {name} of iptables-legacy ({family}): {e.Message}");
                }
            }
        }
        return new NetfilterRules([], chains, rules);
    }

    /// <summary>Of one table as iptables-save prints it.</summary>
    public static NetfilterRules Parse(string family, SavedTable table)
    {
        List<NetfilterChain> chains = [];
        List<NetfilterRule> rules = [];
        Add(family, table, chains, rules);
        return new NetfilterRules([], chains, rules);
    }

    private static void Add(string family, SavedTable table, List<NetfilterChain> chains, List<NetfilterRule> rules)
    {
        var name = table.Name + Suffix;
        foreach (var chain in table.Chains)
        {
            var hook = Hooks.Where(h => h.Name == chain.Name).Select(h => (NetfilterHook?)h.Hook).FirstOrDefault();
            chains.Add(new NetfilterChain(family, name, chain.Name, hook is not null)
            {
                Hook = hook, Priority = Priorities.GetValueOrDefault(table.Name), IsDropPolicy = chain.Policy == "DROP", Type = "filter",
            });
        }
        foreach (var rule in table.Rules) rules.Add(Parse(family, name, rule, table));
    }

    private static NetfilterRule Parse(string family, string table, SavedRule rule, SavedTable all)
    {
        List<RuleCondition> conditions = [];
        var (verdict, target, isInverted) = (RuleVerdict.None, (string?)null, false);
        var words = rule.AllWords;
        for (var i = 0; i < words.Count; i++)
        {
            var value = i + 1 < words.Count ? words[i + 1] : "";
            switch (words[i])
            {
                case "!": isInverted = true; continue;
                case "-m": i++; continue;
                case "--comment": i++; continue;
                case "-j" or "-g":
                    (verdict, target) = VerdictOf(value, words[i] == "-g", all);
                    // What follows belongs to the target.
                    i = words.Count;
                    continue;
                case "-s" or "-d" or "-i" or "-o" or "-p" or "--dport" or "--dports"
                    or "--ctstate" or "--state" or "--ctstatus" or "--mark" or "--dst-type" or "--rt-type":
                    conditions.Add(ConditionOf(words[i], value, isInverted));
                    i++;
                    break;
                case var word when word.StartsWith('-'):
                    conditions.Add(RuleCondition.Unknown);
                    break;
            }
            isInverted = false;
        }
        return new NetfilterRule(family, table, rule.Chain, null) { Conditions = conditions, Verdict = verdict, Target = target };
    }

    private static (RuleVerdict, string?) VerdictOf(string target, bool isGoto, SavedTable table) => target switch
    {
        "ACCEPT" => (RuleVerdict.Accept, null), "DROP" => (RuleVerdict.Drop, null), "REJECT" => (RuleVerdict.Reject, null),
        "RETURN" => (RuleVerdict.Return, null), "NFQUEUE" => (RuleVerdict.Other, null),
        _ when table.Has(target) => (isGoto ? RuleVerdict.Goto : RuleVerdict.Jump, target),
        _ => (RuleVerdict.None, null),
    };

    private static RuleCondition ConditionOf(string option, string value, bool isInverted) => option switch
    {
        "-s" or "-d" when IPNetwork.TryParse(value.Contains('/') ? value : $"{value}/{(value.Contains(':') ? 128 : 32)}", out var network)
            => new(option == "-s" ? RuleField.SourceAddress : RuleField.DestinationAddress, [NewConnection.RangeOf(network)], isInverted),
        "-i" or "-o" => new(option == "-i" ? RuleField.InputDevice : RuleField.OutputDevice, [Device(value)], isInverted),
        "-p" => new(RuleField.Protocol, [Byte(value switch { "tcp" => 6, "udp" => 17, "ipv6-icmp" => 58, _ => 0 })], isInverted),
        "--dport" or "--dports" when value.Split(',').Select(Ports).ToList() is var ports && ports.All(p => p is not null)
            => new(RuleField.DestinationPort, [.. ports.Select(p => p!)], isInverted),
        "--ctstate" or "--state" => RuleCondition.AnyOf(RuleField.State, Bits(value, ("INVALID", 1), ("ESTABLISHED", 2), ("RELATED", 4),
            ("NEW", 8)), isInverted),
        "--ctstatus" => RuleCondition.AnyOf(RuleField.Status, Bits(value, ("EXPECTED", 1), ("SEEN_REPLY", 2), ("ASSURED", 4)), isInverted),
        "--rt-type" => RuleCondition.Never,
        "--dst-type" when Bits(value, ("UNICAST", 2), ("LOCAL", 4), ("BROADCAST", 8), ("ANYCAST", 16), ("MULTICAST", 32)) is > 0
            and var types => RuleCondition.AnyOf(RuleField.DestinationType, types, isInverted),
        "--mark" when Mark(value) is var (bits, mask) => new(RuleField.Mark, [], isInverted) { Bits = bits, Mask = mask },
        _ => RuleCondition.Unknown,
    };

    private static ByteRange Byte(byte value) => new([value], [value]);

    /// <summary>"eth+" is whatever begins so.</summary>
    private static ByteRange Device(string name)
    {
        var (first, last) = (new byte[16], new byte[16]);
        var isPrefix = name.EndsWith('+');
        var bytes = Encoding.UTF8.GetBytes(isPrefix ? name[..^1] : name);
        bytes.AsSpan(0, Math.Min(bytes.Length, 16)).CopyTo(first);
        if (isPrefix) last.AsSpan().Fill(0xff);
        bytes.AsSpan(0, Math.Min(bytes.Length, 16)).CopyTo(last);
        return new ByteRange(first, last);
    }

    private static ByteRange? Ports(string text)
    {
        var parts = text.Split(':');
        return ushort.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && ushort.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            ? new ByteRange([(byte)(first >> 8), (byte)first], [(byte)(last >> 8), (byte)last]) : null;
    }

    private static uint Bits(string names, params (string Name, uint Bit)[] known)
        => names.Split(',').Aggregate(0u, (bits, name) => bits | known.Where(k => k.Name == name).Select(k => k.Bit).FirstOrDefault());

    private static (uint Bits, uint Mask)? Mark(string text)
    {
        var parts = text.Split('/');
        return Number(parts[0]) is { } bits ? parts.Length == 1 ? (bits, uint.MaxValue) : Number(parts[1]) is { } mask ? (bits, mask) : null
            : null;
    }

    private static uint? Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? uint.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex) ? hex : null
        : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string[] Names(string family)
    {
        try
        {
            return File.ReadAllLines($"/proc/net/{family}_tables_names");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
