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
    {
        if (ParseRange(sysctls.Read(Range), [' ', '\t']) is not { } local) return null;
        var reserved = (sysctls.Read(Reserved) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => ParseRange(part.Contains('-') ? part : $"{part}-{part}", ['-'])).OfType<PortRange>().ToList();
        var common = Enumerable.Range(snatPorts.First, snatPorts.Count)
            .Count(port => local.Contains((ushort)port) && !reserved.Exists(r => r.Contains((ushort)port)));
        return common == 0 ? null
            : $"{OptionNames.SnatPorts} {snatPorts} and net.ipv4.ip_local_port_range {local} have {common} "
                + "ports in common: a connection of the node and a masqueraded one "
            + "can get in each other's way; move one of the ranges, or put the ports into net.ipv4.ip_local_reserved_ports";
    }

    private static PortRange? ParseRange(string? text, char[] separators)
        => text?.Split(separators, StringSplitOptions.RemoveEmptyEntries) is [var first, var last] && ushort.TryParse(first, out var low)
            && ushort.TryParse(last, out var high)
            ? new PortRange(low, high)
            : null;
}
