using System.Net;
using EbpfLb.Agent.Logging;
using EbpfLb.Configuration;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Values;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Options;

/// <summary>What checked configurations mean for the agent.</summary>
internal static class ConfiguredOptions
{
    private const double Percent = 100;

    /// <param name="config">Checked: what is wrong in it is a fault of the caller.</param>
    public static RunOptions Of(LoadedConfig config)
    {
        var (proxy, own) = (config.KubeProxy, config.EbpfLb);
        return new RunOptions
        {
            Config = config,
            Instance = new InstanceOptions(own.Instance, NullIfEmpty(own.CgroupRoot), NullIfEmpty(own.BpfFs), own.RunDir),
            AllowPrivateBpfFs = own.AllowPrivateBpfFs,
            OwnerWait = own.OwnerWait,
            NodeName = NodeName(proxy),
            Manifests = NullIfEmpty(own.Manifests),
            KubeConfig = NullIfEmpty(proxy.ClientConnection.Kubeconfig),
            ApiServers = [.. own.ApiServers.Select(s => new Uri(s))],
            HealthzAddress = own.ServeHealthz ? EndpointText.Parse(proxy.HealthzBindAddress, ConfigPorts.Healthz) : null,
            MetricsAddress = own.ServeMetrics ? EndpointText.Parse(proxy.MetricsBindAddress, ConfigPorts.Metrics) : null,
            ServiceMetrics = own.ServiceMetrics,
            BindAddressHardFail = proxy.BindAddressHardFail,
            EnableProfiling = proxy.EnableProfiling,
            MinSyncPeriod = own.MinSyncPeriod ?? proxy.MinSyncPeriod,
            SyncPeriod = own.SyncPeriod ?? proxy.SyncPeriod,
            Verify = VerifyOptions.From(own.VerifyPeriod, proxy.ConfigSyncPeriod),
            LogFormat = (own.LogFormat.Length > 0 ? own.LogFormat : proxy.Logging.Format) == "json" ? LogFormat.Json : LogFormat.Text,
            Verbosity = proxy.Logging.Verbosity,
            Flows = Flows(proxy.Conntrack, own.Flows),
            Node = Node(proxy, own),
            TcAttach = Enum.Parse<TcAttachMode>(own.Devices.TcAttach, ignoreCase: true),
            Answers = own.AnswerLimit.Length == 0 ? null : Answers(own.AnswerLimit),
            SetSysctls = own.SetSysctls,
            EndTcp = own.EndTcpOfRemovedEndpoints,
            Sizes = own.Sizes,
        };
    }

    /// <summary>As kube-proxy has it: trimmed and lowercased.</summary>
    public static string NodeName(KubeProxyConfiguration proxy)
        => (NullIfEmpty(proxy.HostnameOverride.Trim()) ?? Dns.GetHostName().Trim()).ToLowerInvariant();

    public static NodeOptions Node(KubeProxyConfiguration proxy, EbpfLbConfiguration own)
    {
        var mode = proxy.DetectLocalMode.Length == 0 ? DetectLocalMode.ClusterCIDR : Enum.Parse<DetectLocalMode>(proxy.DetectLocalMode);
        return new NodeOptions
        {
            Devices = new DeviceOptions(Patterns(own.Devices.Uplinks), Patterns(own.Devices.Exclude), Patterns(own.Devices.Pods)),
            NodePortAddresses = NodePorts(proxy),
            LocalhostNodePorts = IsLoopbackWanted(proxy),
            Detector = new PodDetector(mode, Ranges(proxy.ClusterCidr), mode switch
            {
                DetectLocalMode.BridgeInterface => proxy.DetectLocal.BridgeInterface,
                DetectLocalMode.InterfaceNamePrefix => proxy.DetectLocal.InterfaceNamePrefix,
                _ => null,
            }),
            MasqueradeAll = proxy.MasqueradeAll,
            AlwaysSnat = own.AlwaysSnat,
            HostSocketsOnly = own.HostSocketsOnly,
            RefuseUnknownPorts = own.UnknownPorts != "ignore",
            ProtectNodePorts = own.ProtectNodePorts,
            DropEvents = own.DropEvents,
            NodePorts = Ports(own.NodePortRange),
            SnatPorts = own.SnatPorts.Length == 0 ? NodeOptions.SnatPortsBeside(Ports(own.NodePortRange)) : Ports(own.SnatPorts),
        };
    }

    /// <summary>Unset is all addresses, with nftables the primary ones (docs/contract.md 4.1).</summary>
    private static NodePortAddresses NodePorts(KubeProxyConfiguration proxy)
    {
        if (proxy.NodePortAddresses.Count > 0) return NodePortAddresses.Parse(string.Join(',', proxy.NodePortAddresses));
        return proxy.Mode == ProxyModes.Nftables ? NodePortAddresses.Parse("primary") : NodePortAddresses.Unset;
    }

    /// <summary>nftables has loopback only where a range names it, and one that holds everything names nothing.</summary>
    private static bool IsLoopbackWanted(KubeProxyConfiguration proxy) => proxy.Mode == ProxyModes.Nftables
        ? proxy.NodePortAddresses.Any(text
            => text == "localhost" || (SourceRange.TryParse(text, out var range) && range is { Length: > 0, Prefix.IsLoopback: true }))
        : proxy.Iptables.LocalhostNodePorts;

    private static FlowOptions Flows(ConntrackSection conntrack, FlowsSection own)
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

    private static AnswerLimit Answers(string text) => AnswerLimitText.TryParse(text, out var limit)
        ? new AnswerLimit(TimeSpan.FromMilliseconds(limit.GapMilliseconds), limit.PerSecond, limit.Burst)
        : throw new FormatException(text);

    private static IReadOnlyList<NamePattern> Patterns(ValueList<string> texts) => [.. texts.Select(NamePattern.Parse)];

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
