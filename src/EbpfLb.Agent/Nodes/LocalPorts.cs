using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Nodes;

/// <summary>
/// Ports that the node takes for connections of its own must not be those of masqueraded ones: to one backend port, two would
/// look the same.
/// </summary>
internal static class LocalPorts
{
    private const string Range = "ipv4/ip_local_port_range";
    private const string Reserved = "ipv4/ip_local_reserved_ports";

    /// <summary>null when the ranges are apart, or what is common is reserved.</summary>
    public static string? Problem(Sysctls sysctls, PortRange snatPorts)
        => Common(sysctls, snatPorts) is not var (local, common) || common == 0 ? null
            : $"{OptionNames.SnatPorts} {snatPorts} and net.ipv4.ip_local_port_range {local} have {common} "
                + "ports in common: a connection of the node and a masqueraded one can get in each other's way; "
                + Remedy;

    /// <summary>What to do about common ports.</summary>
    public const string Remedy = "move one of the ranges, or put the ports into net.ipv4.ip_local_reserved_ports";

    /// <summary>The ports that the node takes, and how many of a range are among them that are not reserved; null: not known.</summary>
    public static (PortRange Local, int Common)? Common(Sysctls sysctls, PortRange ports)
    {
        if (ParseRange(sysctls.Read(Range), [' ', '\t']) is not { } local) return null;
        var reserved = (sysctls.Read(Reserved) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => ParseRange(part.Contains('-') ? part : $"{part}-{part}", ['-'])).OfType<PortRange>().ToList();
        return (local, Enumerable.Range(ports.First, ports.Count)
            .Count(port => local.Contains((ushort)port) && !reserved.Exists(r => r.Contains((ushort)port))));
    }

    private static PortRange? ParseRange(string? text, char[] separators)
        => text?.Split(separators, StringSplitOptions.RemoveEmptyEntries) is [var first, var last] && ushort.TryParse(first, out var low)
            && ushort.TryParse(last, out var high)
            ? new PortRange(low, high)
            : null;
}
