using System.Text.Json.Nodes;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Output;

/// <summary>A KubeProxyConfiguration as JSON.</summary>
internal static class KubeProxyJson
{
    public static JsonObject Of(KubeProxyConfiguration config) => new()
    {
        ["apiVersion"] = KubeProxyConfiguration.ApiVersion,
        ["kind"] = KubeProxyConfiguration.Kind,
        ["mode"] = config.Mode,
        ["hostnameOverride"] = config.HostnameOverride,
        ["bindAddress"] = config.BindAddress,
        ["healthzBindAddress"] = config.HealthzBindAddress,
        ["metricsBindAddress"] = config.MetricsBindAddress,
        ["bindAddressHardFail"] = config.BindAddressHardFail,
        ["enableProfiling"] = config.EnableProfiling,
        ["showHiddenMetricsForVersion"] = config.ShowHiddenMetricsForVersion,
        ["clientConnection"] = new JsonObject
        {
            ["kubeconfig"] = config.ClientConnection.Kubeconfig,
            ["acceptContentTypes"] = config.ClientConnection.AcceptContentTypes,
            ["contentType"] = config.ClientConnection.ContentType,
            ["qps"] = config.ClientConnection.Qps,
            ["burst"] = config.ClientConnection.Burst,
        },
        ["logging"] = Logging(config.Logging),
        ["clusterCIDR"] = config.ClusterCidr,
        ["detectLocalMode"] = config.DetectLocalMode,
        ["detectLocal"] = new JsonObject
        {
            ["bridgeInterface"] = config.DetectLocal.BridgeInterface,
            ["interfaceNamePrefix"] = config.DetectLocal.InterfaceNamePrefix,
        },
        ["nodePortAddresses"] = config.NodePortAddresses.Count == 0 ? null : Texts(config.NodePortAddresses),
        ["iptables"] = new JsonObject
        {
            ["masqueradeBit"] = config.Iptables.MasqueradeBit,
            ["masqueradeAll"] = config.Iptables.MasqueradeAll,
            ["localhostNodePorts"] = config.Iptables.LocalhostNodePorts,
            ["syncPeriod"] = Time(config.Iptables.SyncPeriod),
            ["minSyncPeriod"] = Time(config.Iptables.MinSyncPeriod),
        },
        ["nftables"] = new JsonObject
        {
            ["masqueradeBit"] = config.Nftables.MasqueradeBit,
            ["masqueradeAll"] = config.Nftables.MasqueradeAll,
            ["syncPeriod"] = Time(config.Nftables.SyncPeriod),
            ["minSyncPeriod"] = Time(config.Nftables.MinSyncPeriod),
        },
        ["ipvs"] = Ipvs(config.Ipvs),
        ["conntrack"] = Conntrack(config.Conntrack),
        ["configSyncPeriod"] = Time(config.ConfigSyncPeriod),
        ["oomScoreAdj"] = config.OomScoreAdj,
        ["featureGates"] = new JsonObject(config.FeatureGates.Select(g => new KeyValuePair<string, JsonNode?>(g.Name, g.IsOn))),
        ["portRange"] = config.PortRange,
        ["winkernel"] = new JsonObject
        {
            ["networkName"] = config.Winkernel.NetworkName,
            ["sourceVip"] = config.Winkernel.SourceVip,
            ["enableDSR"] = config.Winkernel.EnableDsr,
            ["rootHnsEndpointName"] = config.Winkernel.RootHnsEndpointName,
            ["forwardHealthCheckVip"] = config.Winkernel.ForwardHealthCheckVip,
        },
        ["windowsRunAsService"] = config.WindowsRunAsService,
    };

    private static JsonObject Logging(LoggingSection logging) => new()
    {
        ["format"] = logging.Format,
        ["flushFrequency"] = Time(logging.FlushFrequency),
        ["verbosity"] = logging.Verbosity,
        ["vmodule"] = new JsonArray(
            [.. logging.Vmodule.Select(v => new JsonObject { ["filePattern"] = v.FilePattern, ["verbosity"] = v.Verbosity })]),
        ["options"] = new JsonObject { ["text"] = Stream(logging.TextOptions), ["json"] = Stream(logging.JsonOptions) },
    };

    private static JsonObject Stream(LogStreamOptions options)
        => new() { ["splitStream"] = options.SplitStream, ["infoBufferSize"] = options.InfoBufferSize };

    private static JsonObject Ipvs(IpvsSection ipvs) => new()
    {
        ["syncPeriod"] = Time(ipvs.SyncPeriod),
        ["minSyncPeriod"] = Time(ipvs.MinSyncPeriod),
        ["scheduler"] = ipvs.Scheduler,
        ["excludeCIDRs"] = Texts(ipvs.ExcludeCidrs),
        ["strictARP"] = ipvs.StrictArp,
        ["tcpTimeout"] = Time(ipvs.TcpTimeout),
        ["tcpFinTimeout"] = Time(ipvs.TcpFinTimeout),
        ["udpTimeout"] = Time(ipvs.UdpTimeout),
    };

    private static JsonObject Conntrack(ConntrackSection conntrack) => new()
    {
        ["maxPerCore"] = conntrack.MaxPerCore,
        ["min"] = conntrack.Min,
        ["tcpEstablishedTimeout"] = Time(conntrack.TcpEstablishedTimeout),
        ["tcpCloseWaitTimeout"] = Time(conntrack.TcpCloseWaitTimeout),
        ["tcpBeLiberal"] = conntrack.TcpBeLiberal,
        ["udpTimeout"] = Time(conntrack.UdpTimeout),
        ["udpStreamTimeout"] = Time(conntrack.UdpStreamTimeout),
    };

    internal static JsonArray Texts(ValueList<string> texts) => new([.. texts.Select(t => (JsonNode?)t)]);

    private static string Time(TimeSpan time) => DurationText.Format(time);
}
