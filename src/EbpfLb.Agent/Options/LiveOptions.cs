using EbpfLb.Configuration;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Values;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Node;
using EbpfLb.Http.Page;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Options;

/// <summary>
/// What follows from hot fields. Those who need it are given a function that is asked at each use (<see cref="AgentOptions.Live{T}"/>), so
/// that a changed file is in force everywhere.
/// </summary>
internal sealed record LiveOptions
{
    private const double Percent = 100;

    public required TimeSpan MinSyncPeriod { get; init; }

    public required TimeSpan SyncPeriod { get; init; }

    public required int Verbosity { get; init; }

    /// <summary>Service ports with counters of their own in the metrics; 0: none.</summary>
    public required int ServiceMetrics { get; init; }

    /// <summary>Backends with counters of their own in the metrics; 0: none.</summary>
    public required int BackendMetrics { get; init; }

    /// <summary>What the status page shows.</summary>
    public required PageContent StatusPage { get; init; }

    /// <summary>Names under which it may be asked for, beside those of the node.</summary>
    public required ValueList<string> StatusPageHosts { get; init; }

    public required FlowOptions Flows { get; init; }

    public required NodeOptions Node { get; init; }

    /// <summary>Switch forwarding on.</summary>
    public required bool SetSysctls { get; init; }

    /// <param name="config">In force, and checked: what is wrong in it is a fault of the caller.</param>
    public static LiveOptions Of(LoadedConfig config)
    {
        var (proxy, own) = (config.KubeProxy, config.EbpfLb);
        return new LiveOptions
        {
            MinSyncPeriod = own.MinSyncPeriod ?? proxy.MinSyncPeriod,
            SyncPeriod = own.SyncPeriod ?? proxy.SyncPeriod,
            Verbosity = proxy.Logging.Verbosity,
            ServiceMetrics = own.ServiceMetrics,
            BackendMetrics = own.BackendMetrics,
            StatusPage = Enum.Parse<PageContent>(own.StatusPage, ignoreCase: true),
            StatusPageHosts = own.StatusPageHosts,
            Flows = FlowsOf(proxy.Conntrack, own.Flows),
            Node = NodeOf(proxy, own),
            SetSysctls = own.SetSysctls,
        };
    }

    private static NodeOptions NodeOf(KubeProxyConfiguration proxy, EbpfLbConfiguration own)
    {
        var mode = proxy.DetectLocalMode.Length == 0 ? DetectLocalMode.ClusterCIDR : Enum.Parse<DetectLocalMode>(proxy.DetectLocalMode);
        return new NodeOptions
        {
            Devices = new DeviceOptions(Patterns(own.Devices.Uplinks), Patterns(own.Devices.Exclude), Patterns(own.Devices.Pods)),
            NodePortAddresses = NodePortsOf(proxy),
            // nftables has no such field: its list alone says so.
            LocalhostNodePorts = proxy.Mode == ProxyModes.Nftables || proxy.Iptables.LocalhostNodePorts,
            Detector = new PodDetector(mode, Ranges(proxy.ClusterCidr), mode switch
            {
                DetectLocalMode.BridgeInterface => proxy.DetectLocal.BridgeInterface,
                DetectLocalMode.InterfaceNamePrefix => proxy.DetectLocal.InterfaceNamePrefix,
                _ => null,
            }),
            MasqueradeAll = proxy.MasqueradeAll,
            AlwaysSnat = own.AlwaysSnat,
            HostSocketsOnly = own.HostSocketsOnly,
            ProtectNodePorts = own.ProtectNodePorts,
            DropEvents = own.DropEvents,
            NodePorts = Ports(own.NodePortRange),
            SnatPorts = own.SnatPorts.Length == 0 ? NodeOptions.SnatPortsBeside(Ports(own.NodePortRange)) : Ports(own.SnatPorts),
        };
    }

    /// <summary>Unset is all addresses, with nftables the primary ones, and loopback only where named (docs/contract.md 4.1).</summary>
    private static NodePortAddresses NodePortsOf(KubeProxyConfiguration proxy)
    {
        var isNftables = proxy.Mode == ProxyModes.Nftables;
        var addresses = proxy.NodePortAddresses.Count > 0 ? NodePortAddresses.Parse(string.Join(',', proxy.NodePortAddresses))
            : isNftables ? NodePortAddresses.Parse("primary") : NodePortAddresses.Unset;
        return addresses with { LoopbackWhereNamed = isNftables };
    }

    private static FlowOptions FlowsOf(ConntrackSection conntrack, FlowsSection own)
    {
        var defaults = new FlowLifetimes();
        return new FlowOptions(
            new FlowLifetimes
            {
                HalfOpen = First(own.TcpHalfOpen, null, defaults.HalfOpen),
                Established = First(own.TcpEstablished, conntrack.TcpEstablishedTimeout, defaults.Established),
                Closing = First(own.TcpClosing, conntrack.TcpCloseWaitTimeout, defaults.Closing),
                Closed = First(own.TcpClosed, null, defaults.Closed),
                Udp = First(own.Udp, conntrack.UdpTimeout, defaults.Udp),
                UdpStream = First(own.UdpStream, conntrack.UdpStreamTimeout, defaults.UdpStream),
            },
            own.SweepCpuPercent / Percent);
    }

    /// <summary>0 is the default, as for kube-proxy.</summary>
    private static TimeSpan First(TimeSpan? own, TimeSpan? proxy, TimeSpan byDefault)
        => own is { Ticks: > 0 } ours ? ours : proxy is { Ticks: > 0 } theirs ? theirs : byDefault;

    private static ValueList<SourceRange> Ranges(string text)
        => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(t
            => SourceRange.Parse(t)).ToValueList();

    private static PortRange Ports(string text)
        => PortsText.TryParse(text, out var ports) ? new PortRange(ports.First, ports.Last) : throw new FormatException(text);

    private static IReadOnlyList<NamePattern> Patterns(ValueList<string> texts) => [.. texts.Select(NamePattern.Parse)];
}
