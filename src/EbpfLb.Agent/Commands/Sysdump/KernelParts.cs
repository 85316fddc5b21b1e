using System.Globalization;
using System.Text;
using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Commands.Doctor.Checks;
using EbpfLb.Agent.Nodes;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Netlink.Netfilter;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Commands.Sysdump;

/// <summary>What the kernel says: BPF objects of the instance, programs at devices, the network, rules, settings.</summary>
internal static class KernelParts
{
    /// <summary>Below /proc/sys/net.</summary>
    private static readonly string[] Settings =
    [
        "core/bpf_jit_enable", "core/bpf_jit_harden", "ipv4/ip_forward", "ipv4/ip_local_port_range", "ipv4/ip_local_reserved_ports",
        "ipv4/ip_nonlocal_bind", "ipv4/icmp_ratelimit", "ipv4/icmp_msgs_per_sec", "ipv4/tcp_tw_reuse", "ipv6/conf/all/disable_ipv6",
        "netfilter/nf_conntrack_count", "netfilter/nf_conntrack_max", "netfilter/nf_conntrack_tcp_be_liberal",
    ];

    private static readonly string[] OfDevices =
    [
        "ipv4/conf/{0}/forwarding", "ipv4/conf/{0}/rp_filter", "ipv4/conf/{0}/route_localnet", "ipv4/conf/{0}/accept_local",
        "ipv6/conf/{0}/forwarding", "ipv6/conf/{0}/accept_ra",
    ];

    public static IEnumerable<DumpPart> Of(DatapathOptions options) =>
    [
        new("kernel/version.txt", () => File.ReadAllText("/proc/version")),
        new("kernel/mounts.txt", () => File.ReadAllText("/proc/self/mountinfo")),
        new("kernel/features.txt", () => Lines(KernelFeatures.Probe(),
            f => $"{f.Name} {(f.IsAvailable ? "yes" : f.IsMissing ? $"no: {f.Reason}" : "not known")}")),
        new("kernel/sysctls.txt", Sysctl),
        new("bpf/instances.txt", () => Lines(Instances.List(options), name => name)),
        new("bpf/links.txt", () => Lines(Inventory.Links(options), l => $"{l.Pin}: link {l.Info.Id} {l.Info.Type} program "
            + $"{l.Info.ProgramId} "
            + (l.Info.InterfaceIndex > 0 ? $"ifindex {l.Info.InterfaceIndex}" : $"cgroup {l.Info.CgroupId} {l.Info.AttachType}"))),
        new("bpf/programs.txt", () => Lines(Inventory.Links(options).Select(l => l.Program).OfType<ProgramInfo>()
            .Concat(Inventory.Filters(options).Select(f => f.Info)).DistinctBy(p => p.Id).OrderBy(p => p.Id), ProgramText)),
        new("bpf/maps.txt", () => Lines(Inventory.Maps(options), m
            => $"{m.Id}: {m.Type} name {m.Name} flags {m.Flags} key {m.KeySize}B value {m.ValueSize}B max_entries {m.MaxEntries} btf_id "
                + $"{m.BtfId}")),
        new("bpf/devices.txt", DevicePrograms),
        new("network/devices.txt", () => Network(r => Lines(r.ReadLinks(), l
            => $"{l.Index}: {l.Name} {l.Kind ?? "device"} {l.Type} flags {l.Flags} master {l.MasterIndex} parent {l.ParentIndex} "
                + $"vlan {l.VlanId} mtu {l.Mtu} mac {l.Mac}"))),
        new("network/addresses.txt", () => Network(r => Lines(r.ReadAddresses(), a => $"{a}"))),
        new("network/routes.txt", () => Network(r => Lines(r.ReadRoutes(), a => $"{a}"))),
        new("network/rules.txt", Rules),
    ];

    private static string ProgramText(ProgramInfo p) => string.Create(CultureInfo.InvariantCulture,
        $"{p.Id}: {p.Type} name {p.Name} tag {p.Tag} jited {p.IsJited} runs {p.RunCount} run_ns {p.RunNanoseconds} verified_insns "
            + $"{p.VerifiedInstructions}");

    private static string Network(Func<NetworkReader, string> read)
    {
        using var reader = NetworkReader.Open();
        return read(reader);
    }

    private static string DevicePrograms()
    {
        using var places = DevicePlaces.Open();
        return Network(reader => Lines(
            from device in reader.ReadLinks()
            from place in places.At(device.Index)
            select $"{device.Name} {place.Place}: {string.Join(", ", place.Programs.Select(DoctorFacts.NameOf))}", line => line));
    }

    /// <summary>How many rules each chain has: their content is the CNI plugin's and others' business.</summary>
    private static string Rules()
    {
        using var reader = NetfilterReader.Open();
        var all = reader.Read();
        var counts = all.Rules.CountBy(r => (r.Family, r.Table, r.Chain)).ToDictionary();
        return Lines(all.Tables, table =>
        {
            var chains = all.Chains.Where(c => c.Family == table.Family && c.Table == table.Name).ToList();
            return string.Join('\n', [
                $"table {table.Family} {table.Name}: {chains.Count} chains, "
                    + $"{chains.Sum(c => counts.GetValueOrDefault((c.Family, c.Table, c.Name)))} rules",
                .. chains.Select(c => $"  {c.Name}{(c.IsBase ? " (base)" : "")}: {counts.GetValueOrDefault((c.Family, c.Table, c.Name))}"),
            ]);
        });
    }

    private static string Sysctl()
    {
        var sysctls = new Sysctls(Sysctls.DefaultRoot);
        var devices = Network(r => string.Join('\n', r.ReadLinks().Select(l => l.Name))).Split('\n');
        var names = Settings.Concat(
            from device in devices.Prepend("all") from name in OfDevices select string.Format(CultureInfo.InvariantCulture, name, device));
        return Lines(names, name => $"net/{name} = {sysctls.Read(name) ?? "not there"}");
    }

    private static string Lines<T>(IEnumerable<T> items, Func<T, string> text)
    {
        var lines = new StringBuilder();
        foreach (var item in items) lines.Append(text(item)).Append('\n');
        return lines.Length == 0 ? "none\n" : lines.ToString();
    }
}
