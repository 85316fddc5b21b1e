using EbpfLb.Model;
using System.Net.Sockets;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Nodes;

/// <summary>
/// Packets go on to other nodes and pods only by devices that forward (bpf_fib_lookup asks the device that they came in by).
/// Kubernetes and CNI plugins usually see to that, so we only look, unless told to see to it ourselves: a machine that is no
/// node yet must not become a router unasked.
/// </summary>
internal static class Forwarding
{
    private const string Off = "0";

    /// <summary>Switches on what is off; what it does not reach is in <see cref="Problems"/> afterwards.</summary>
    public static void SwitchOn(Sysctls sysctls, IReadOnlyList<Link> devices)
    {
        foreach (var device in devices)
        {
            // A host that forwards ignores router advertisements, and its default route would end: 2 says "nevertheless".
            if (sysctls.Read(RouterAdvertisements(device)) == "1") sysctls.Write(RouterAdvertisements(device), "2");
        }
        // What is on is not written: IPv6's sets all devices, also those that somebody has switched off.
        foreach (var name in Switches(devices).Where(s => sysctls.Read(s) == Off)) sysctls.Write(name, "1");
    }

    /// <summary>Something that <see cref="SwitchOn"/> sets is as it was before, or set back.</summary>
    public static bool IsOff(Sysctls sysctls, IReadOnlyList<Link> devices)
        => Switches(devices).Any(s => sysctls.Read(s) == Off) || devices.Any(d => sysctls.Read(RouterAdvertisements(d)) == "1");

    /// <summary>One line a family: what does not work and how to switch it on; none where nothing is wrong.</summary>
    /// <param name="devices">Those that have our programs.</param>
    /// <param name="addresses">Of the node: a family without a global one is not looked at.</param>
    public static IEnumerable<string> Problems(Sysctls sysctls, IReadOnlyList<Link> devices, IReadOnlyList<Address> addresses)
        => Find(sysctls, devices, addresses).Select(p => $"{p.Finding}; {p.Remedy}");

    /// <summary>The same, what is wrong and what to do apart.</summary>
    public static IEnumerable<(string Finding, string Remedy)> Find(
        Sysctls sysctls, IReadOnlyList<Link> devices, IReadOnlyList<Address> addresses)
    {
        foreach (var (family, name, all) in new[]
        {
            (AddressFamily.InterNetwork, "ipv4", "ip_forward"), (AddressFamily.InterNetworkV6, "ipv6", "conf/all/forwarding"),
        })
        {
            if (!addresses.Any(a => a.Local.AddressFamily == family && a.Scope == AddressScope.Global)) continue;
            var off = devices.Where(d => sysctls.Read($"{name}/conf/{d.Name}/forwarding") == Off).ToList();
            if (off.Count == 0) continue;
            var text = name == "ipv4" ? "IPv4" : "IPv6";
            var isOffEverywhere = sysctls.Read($"{name}/{all}") == Off;
            var setting = isOffEverywhere ? Sysctl($"{name}/{all}") : Sysctl($"{name}/conf/{off[0].Name}/forwarding");
            yield return (
                $"{text} forwarding is off{(isOffEverywhere ? "" : $" on {string.Join(", ", off.Select(d => d.Name))}")}: services "
                    + $"do not reach {text} backends in pods or on other nodes for clients outside of this node",
                $"switch it on with `sysctl -w {setting}=1`, or start with {OptionNames.SetSysctls}");
        }
    }

    /// <summary>Of the machine first, which sets devices too.</summary>
    private static IEnumerable<string> Switches(IReadOnlyList<Link> devices)
        => ["ipv4/ip_forward", "ipv6/conf/all/forwarding",
            .. devices.SelectMany(d => (string[])[$"ipv4/conf/{d.Name}/forwarding", $"ipv6/conf/{d.Name}/forwarding"])];

    /// <summary>As sysctl(8) writes it: a dot in the name of a device becomes a slash.</summary>
    private static string Sysctl(string path) => "net." + string.Join('.', path.Split('/').Select(part => part.Replace('.', '/')));

    private static string RouterAdvertisements(Link device) => $"ipv6/conf/{device.Name}/accept_ra";
}
