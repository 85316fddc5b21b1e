using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>Finds what no program could make sense of, all of it at once.</summary>
internal static class NodeStateCheck
{
    public static List<string> Problems(NodeState state)
    {
        List<string> problems = [];
        foreach (var device in state.Devices) CheckDevice(device, problems);
        foreach (var group in state.Devices.GroupBy(d => d.Ifindex).Where(g => g.Count() > 1))
            problems.Add($"Devices: ifindex {group.Key} is there {group.Count()} times "
                + $"({string.Join(", ", group.Select(d => d.Name))}): name each device once");
        foreach (var address in state.Addresses) CheckAddress(address.Address, problems);
        foreach (var group in state.Addresses.GroupBy(a => a.Address).Where(g => g.Count() > 1))
            problems.Add($"Addresses: {group.Key} is there {group.Count()} times: name each address once");
        CheckSettings(state.Settings, problems);
        return problems;
    }

    private static void CheckDevice(NodeDevice device, List<string> problems)
    {
        if (device.Ifindex == 0) problems.Add($"Devices: {device.Name} has Ifindex 0: the kernel counts from 1");
        CheckSource(device, nameof(device.Snat4), device.Snat4, IpFamily.IPv4, problems);
        CheckSource(device, nameof(device.Snat6), device.Snat6, IpFamily.IPv6, problems);
    }

    private static void CheckSource(NodeDevice device, string field, IpAddress? source, IpFamily family, List<string> problems)
    {
        if (source is not { } address) return;
        if (address.Family != family) problems.Add($"Devices: {field} of {device.Name} is {address}: use an {family} address or null");
        else if (address.IsUnspecified || address.IsLoopback)
            problems.Add(
                $"Devices: {field} of {device.Name} is {address}, which no peer could answer: use an address of the device or null");
    }

    private static void CheckAddress(IpAddress address, List<string> problems)
    {
        if (address.IsUnspecified) problems.Add($"Addresses: {address} is no address of an interface: leave it out");
        else if (address.IsLoopback)
            problems.Add(
                $"Addresses: {address} is a loopback address: leave it out, LoopbackNodePorts4 and LoopbackNodePorts6 stand for them");
    }

    private static void CheckSettings(NodeSettings settings, List<string> problems)
    {
        CheckPrefixes(nameof(settings.Pods4), settings.Pods4, IpFamily.IPv4, problems);
        CheckPrefixes(nameof(settings.Pods6), settings.Pods6, IpFamily.IPv6, problems);
        CheckPorts(nameof(settings.NodePorts), settings.NodePorts, problems);
        CheckPorts(nameof(settings.SnatPorts), settings.SnatPorts, problems);
        if (settings.NodePorts is { } nodePorts && settings.SnatPorts is { } snatPorts
            && snatPorts.First <= nodePorts.Last && nodePorts.First <= snatPorts.Last)
            problems.Add($"Settings: SnatPorts {snatPorts} and NodePorts {nodePorts} overlap: choose ranges without a common port");
    }

    private static void CheckPrefixes(string field, ValueList<SourceRange> ranges, IpFamily family, List<string> problems)
    {
        foreach (var range in ranges)
            if (range.Prefix.Family != family) problems.Add($"Settings: {field} is {range}: use an {family} prefix or none");
        if (ranges.Count > NodeSettings.MostPodRanges)
            problems.Add($"Settings: {field} has {ranges.Count} ranges: {NodeSettings.MostPodRanges} fit");
    }

    private static void CheckPorts(string field, PortRange? range, List<string> problems)
    {
        if (range is { } ports && (ports.First == 0 || ports.First > ports.Last))
            problems.Add($"Settings: {field} is {ports}: name a first port of at least 1 and a last one not below it");
    }
}
