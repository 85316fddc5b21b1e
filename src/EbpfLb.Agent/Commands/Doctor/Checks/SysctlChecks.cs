using System.Globalization;
using System.Net.Sockets;
using EbpfLb.Agent.Nodes;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Settings of the network, and the ranges of ports that depend on them.</summary>
internal static class SysctlChecks
{
    private const string Forward = "sysctl.forwarding", ReversePath = "sysctl.rp_filter", Conntrack = "sysctl.conntrack";
    private const string Local = "ports.local", NodePorts = "ports.nodeports";
    private const int Strict = 1;

    /// <summary>Of nf_conntrack's table, in percent.</summary>
    private const int AlmostFull = 80, Full = 95;

    public static IEnumerable<CheckResult> Forwarding(DoctorFacts facts)
    {
        if (facts.NetworkHint is { } hint) return [CheckResult.NotKnown(Forward, "the agent's settings are not seen from here", hint)];
        var devices = facts.ServedDevices;
        if (devices.Count == 0) return [CheckResult.NotKnown(Forward, "no device has or would have programs")];
        List<CheckResult> found = [.. Nodes.Forwarding.Find(facts.Sysctls, devices, facts.Network.Addresses)
            .Select(p => CheckResult.Problem(Forward, p.Finding, p.Remedy))];
        return found.Count > 0 ? found : [CheckResult.Ok(Forward, $"on at {string.Join(", ", devices.Select(d => d.Name))}")];
    }

    public static IEnumerable<CheckResult> ReversePathFilter(DoctorFacts facts)
    {
        if (facts.NetworkHint is { } hint) return [CheckResult.NotKnown(ReversePath, "the agent's settings are not seen from here", hint)];
        var all = Number(facts.Sysctls, "ipv4/conf/all/rp_filter");
        var waysOut = facts.Network.Routes
            .Where(r => r is { Type: RouteType.Unicast, Family: AddressFamily.InterNetwork }).Select(r => r.Oif).ToHashSet();
        // The filter is IPv4's: no such packets come by a device that has neither an address nor a route of it.
        var used = facts.Network.Addresses.Where(a => a.Local.AddressFamily == AddressFamily.InterNetwork).Select(a => a.LinkIndex)
            .Concat(waysOut).ToHashSet();
        return [JudgeReversePath(
            [.. facts.ServedDevices.Where(d => used.Contains(d.Index)).Select(d => (d.Name, Math.Max(all ?? 0, Number(facts.Sysctls,
                $"ipv4/conf/{d.Name}/rp_filter") ?? 0), waysOut.Contains(d.Index)))])];
    }

    /// <param name="devices">
    /// With the larger of their own value and that of all, which is in force, and whether a route leads out by them: none does by the
    /// macvlan device of a VRRP router (keepalived's use_vmac).
    /// </param>
    public static CheckResult JudgeReversePath(IReadOnlyList<(string Name, int Value, bool IsWayOut)> devices)
    {
        var all = devices.Where(d => d.Value == Strict).Select(d => d.Name).ToList();
        if (all.Count == 0) return CheckResult.Ok(ReversePath, "strict at no device of clients");
        var strict = all.Where(name => devices.Any(d => d.IsWayOut && d.Name != name)).ToList();
        return strict.Count == 0
            ? CheckResult.Ok(ReversePath, $"strict at {string.Join(", ", all)}, and no route leads to clients by another")
            : CheckResult.Warning(ReversePath,
                $"strict at {string.Join(", ", strict)}: packets of clients whose way back is by another device are dropped by the kernel",
                $"`sysctl -w {string.Join(' ', strict.Select(d => $"net.ipv4.conf.{d.Replace('.', '/')}.rp_filter=2"))}`");
    }

    public static IEnumerable<CheckResult> ConntrackTable(DoctorFacts facts)
        => [JudgeConntrack(Number(facts.Sysctls, "netfilter/nf_conntrack_count"), Number(facts.Sysctls, "netfilter/nf_conntrack_max"))];

    /// <param name="count">null: nf_conntrack is not loaded.</param>
    public static CheckResult JudgeConntrack(int? count, int? max)
    {
        if (count is not { } used || max is not { } most || most == 0) return CheckResult.Ok(Conntrack, "nf_conntrack is not loaded here");
        var percent = 100L * used / most;
        var finding = $"nf_conntrack holds {used} of at most {most} connections";
        var remedy = $"`sysctl -w net.netfilter.nf_conntrack_max={2L * most}`, and see which rules have it track so many";
        return percent >= Full ? CheckResult.Problem(Conntrack, $"{finding}: new ones are dropped when it is full", remedy)
            : percent >= AlmostFull ? CheckResult.Warning(Conntrack, finding, remedy) : CheckResult.Ok(Conntrack, finding);
    }

    public static IEnumerable<CheckResult> LocalPorts(DoctorFacts facts)
    {
        var snat = facts.Live.Node.SnatPorts;
        if (Nodes.LocalPorts.Common(facts.Sysctls, snat) is not var (local, common))
            return [CheckResult.NotKnown(Local, "net.ipv4.ip_local_port_range cannot be read")];
        var ranges = $"{OptionNames.SnatPorts} {snat} and net.ipv4.ip_local_port_range {local}";
        return [common == 0 ? CheckResult.Ok(Local, $"{ranges} are apart")
            : CheckResult.Warning(Local,
                $"{ranges} have {common} ports in common: a connection of the node and a masqueraded one can get in each other's way",
                Nodes.LocalPorts.Remedy)];
    }

    public static IEnumerable<CheckResult> NodePortRange(DoctorFacts facts)
    {
        var (ports, snat) = (facts.Live.Node.NodePorts, facts.Live.Node.SnatPorts);
        if (Nodes.LocalPorts.Common(facts.Sysctls, ports) is not var (local, common))
            return [CheckResult.NotKnown(NodePorts, "net.ipv4.ip_local_port_range cannot be read")];
        if (Overlap(ports, snat))
            return [CheckResult.Problem(NodePorts, $"NodePorts {ports} and {OptionNames.SnatPorts} {snat} overlap",
                $"give {OptionNames.SnatPorts} a range outside of them")];
        var reserved = facts.Sysctls.Read("ipv4/ip_local_reserved_ports") is { Length: > 0 } others ? $"{others},{ports}" : $"{ports}";
        return [common == 0 ? CheckResult.Ok(NodePorts, $"NodePorts {ports} are apart from net.ipv4.ip_local_port_range {local}")
            : CheckResult.Warning(NodePorts,
                $"{common} NodePorts are in net.ipv4.ip_local_port_range {local}: the node may take one for a connection of its own",
                $"`sysctl -w net.ipv4.ip_local_reserved_ports={reserved}`")];
    }

    private static bool Overlap(PortRange a, PortRange b) => a.First <= b.Last && b.First <= a.Last;

    private static int? Number(Sysctls sysctls, string name)
        => int.TryParse(sysctls.Read(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
