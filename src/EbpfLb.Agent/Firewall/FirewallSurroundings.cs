using System.Net;
using System.Net.Sockets;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Netlink.Netfilter;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Firewall;

/// <summary>What on this node gets connections that netfilter sees without a translation of its own.</summary>
/// <param name="Inputs">Devices that clients are behind; empty: none, or not known.</param>
internal sealed record FirewallSurroundings(IReadOnlyList<(string Name, int Index)> Inputs, PortRange NodePorts)
{
    /// <summary>Of each only so many are gone by; of backends of one route, which stand for pods of its kind.</summary>
    private const int MaxDestinations = 256, MaxBackends = 16;

    /// <summary>Ranges or addresses of pods here, with the range to name in an advice, and the device that leads to them.</summary>
    public IReadOnlyList<PodDestination> Pods { get; init; } = [];

    /// <summary>The same for pods of other nodes.</summary>
    public IReadOnlyList<PodDestination> RemotePods { get; init; } = [];

    /// <summary>Own addresses, one of each family.</summary>
    public IReadOnlyList<IPAddress> Own { get; init; } = [];

    /// <summary>TCP ports of the node itself that are asked from outside, with what for.</summary>
    public IReadOnlyDictionary<ushort, string> OwnPorts { get; init; } = new SortedDictionary<ushort, string>();

    /// <summary>Addresses of frontends; NodePorts have none of their own.</summary>
    public IReadOnlyList<IPAddress> Frontends { get; init; } = [];

    /// <param name="status">null: nothing answers.</param>
    /// <param name="served">Devices that have programs or would have them.</param>
    public static FirewallSurroundings Of(
        NetworkSnapshot network, IReadOnlyList<Link> served, LoadedConfig config, StatusReport? status, ServicesReport? services,
        BackendsReport? backends)
    {
        var live = LiveOptions.Of(config);
        List<Link> inputs = [.. served.Where(l => status?.Devices.Any(d => d.Index == l.Index && d.Role == "pod") != true)];
        var own = network.Addresses.Where(a => a.Scope == AddressScope.Global).ToList();
        var tcp = (backends?.Backends ?? []).Where(b => b.Protocol == "TCP").ToList();
        var isInput = inputs.Select(l => l.Index).ToHashSet();
        var frontends = (services?.Services ?? []).SelectMany(s => s.Frontends).ToList();
        SortedDictionary<ushort, string> ports = [];
        var ownText = own.Select(a => a.Local.ToString()).ToHashSet();
        foreach (var backend in tcp.Where(b => ownText.Contains(b.Address)))
            ports[(ushort)backend.PortNumber] = $"backend of {backend.Service}";
        foreach (var port in status?.HealthCheckNodePorts ?? []) ports[(ushort)port] = "healthCheckNodePort";
        var isAsked = frontends.Any(f => f.Kind == "LoadBalancer") || status?.HealthCheckNodePorts.Count > 0;
        if (isAsked && StartOptions.Of(config).HealthzAddress is { } healthz
            && !IPAddress.IsLoopback(healthz.Address))
            ports[(ushort)healthz.Port] = "healthz";
        List<IPNetwork> ranges = [.. live.Node.Detector.KnownRanges(null).Select(NetworkOf)];
        List<IPAddress> addresses = [.. tcp.Select(b => IPAddress.Parse(b.Address)).Distinct()];
        List<ByteRange> exact = [.. addresses.Select(NewConnection.RangeOf)];
        return new FirewallSurroundings([.. inputs.Select(l => (l.Name, l.Index))], live.Node.NodePorts)
        {
            Pods = [.. PodsOf(network, isInput, ranges, addresses).Take(MaxDestinations).Select(Known)],
            RemotePods = [.. Within(network, ranges).Where(f => isInput.Contains(f.Route.Oif))
                .Select(f => new PodDestination(NewConnection.RangeOf(f.Route.Prefix), f.Range, DeviceOf(network, f.Route.Oif)))
                .Take(MaxDestinations).Select(Known)],
            Own = [.. own.Where(a => inputs.Count == 0 || isInput.Contains(a.LinkIndex)).Select(a => a.Local)
                .GroupBy(a => a.AddressFamily).Select(g => g.First())],
            OwnPorts = ports,
            Frontends = [.. frontends.Where(f => f.Kind != "NodePort").Select(f => IPAddress.Parse(f.Address)).Distinct()],
        };

        PodDestination Known(PodDestination pods) => pods with
        {
            Backends = [.. exact.Where(b => b.First.Length == pods.Addresses.First.Length && pods.Addresses.Covers(b)).Take(MaxBackends)],
            IsFilteredBridge = network.Links.Any(l => l.Index == pods.Device?.Index && l.Kind == "bridge")
                && BridgeFilter.Asks(pods.Named.BaseAddress.AddressFamily),
        };
    }

    /// <summary>
    /// By the routes within the ranges of pods that lead to no uplink; of a range that has none here, the range. Without ranges the
    /// backends that such a route leads to.
    /// </summary>
    private static IEnumerable<PodDestination> PodsOf(
        NetworkSnapshot network, HashSet<int> inputs, List<IPNetwork> ranges, List<IPAddress> backends)
    {
        foreach (var range in ranges)
        {
            var here = Within(network, [range]).Select(f => f.Route).Where(r => !inputs.Contains(r.Oif)).ToList();
            foreach (var route in here)
                yield return new PodDestination(NewConnection.RangeOf(route.Prefix), range, DeviceOf(network, route.Oif));
            if (here.Count == 0) yield return new PodDestination(NewConnection.RangeOf(range), range, null);
        }
        if (ranges.Count > 0) yield break;
        foreach (var backend in backends)
        {
            var route = network.Routes.Where(r => r.Type == RouteType.Unicast && r.Prefix.Contains(backend))
                .OrderByDescending(r => r.Prefix.PrefixLength).FirstOrDefault();
            if (route is null || route.IsDefault || inputs.Contains(route.Oif)) continue;
            yield return new PodDestination(NewConnection.RangeOf(backend), new IPNetwork(backend, Bits(backend)),
                DeviceOf(network, route.Oif));
        }
    }

    /// <summary>Routes whose prefixes are within these ranges.</summary>
    private static IEnumerable<(IPNetwork Range, Route Route)> Within(NetworkSnapshot network, List<IPNetwork> ranges)
        => ranges.SelectMany(range => network.Routes.Where(r => r is { Type: RouteType.Unicast, IsDefault: false }
            && r.Family == range.BaseAddress.AddressFamily && r.Prefix.PrefixLength >= range.PrefixLength
            && range.Contains(r.Prefix.BaseAddress)).DistinctBy(r => (r.Prefix, r.Oif)).Select(r => (range, r)));

    private static (string, int)? DeviceOf(NetworkSnapshot network, int index)
        => network.Links.FirstOrDefault(l => l.Index == index) is { } link ? (link.Name, link.Index) : null;

    private static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    private static IPNetwork NetworkOf(SourceRange range) => new(range.Prefix.ToIPAddress(), range.Length);
}

/// <param name="Named">What an advice names.</param>
/// <param name="Device">That they are behind; null: not known.</param>
internal sealed record PodDestination(ByteRange Addresses, IPNetwork Named, (string Name, int Index)? Device)
{
    /// <summary>Backends among them.</summary>
    public IReadOnlyList<ByteRange> Backends { get; init; } = [];

    /// <summary>The device is a bridge, and netfilter is asked about what passes over it (net.bridge.bridge-nf-call-iptables).</summary>
    public bool IsFilteredBridge { get; init; }
}
