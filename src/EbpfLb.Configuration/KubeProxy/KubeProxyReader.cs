using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;
using EbpfLb.Yaml;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>Reads the document. As in kube-proxy an empty or zero value is mostly the default.</summary>
internal static class KubeProxyReader
{
    private static readonly KubeProxyConfiguration Defaults = new();

    public static KubeProxyConfiguration Read(MapNode document, Findings findings)
    {
        var root = new FieldReader(document, "", findings, isStrict: false);
        root.Skip("apiVersion", "kind");
        // Of older versions; kubeadm wrote them too.
        root.Skip("udpIdleTimeout", "resourceContainer");
        var bindAddress = root.TextOr("bindAddress", Defaults.BindAddress);
        var isV6 = IpAddress.TryParse(bindAddress, out var address) && address.Family == IpFamily.IPv6;
        var config = new KubeProxyConfiguration
        {
            FeatureGates = root.Flags("featureGates").Select(f => new FeatureGate(f.Name, f.Value)).ToValueList(),
            ClientConnection = ClientConnection(root.Section("clientConnection")),
            Logging = Logging(root.Section("logging")),
            HostnameOverride = root.Text("hostnameOverride"),
            BindAddress = bindAddress,
            HealthzBindAddress = EndpointText.WithPort(root.TextOr("healthzBindAddress", isV6 ? "[::]" : "0.0.0.0"), ConfigPorts.Healthz),
            MetricsBindAddress = EndpointText.WithPort(
                root.TextOr("metricsBindAddress", isV6 ? "[::1]" : "127.0.0.1"), ConfigPorts.Metrics),
            BindAddressHardFail = root.Flag("bindAddressHardFail"),
            EnableProfiling = root.Flag("enableProfiling"),
            ShowHiddenMetricsForVersion = root.Text("showHiddenMetricsForVersion"),
            Mode = root.Text("mode"),
            Iptables = Iptables(root.Section("iptables")),
            Ipvs = Ipvs(root.Section("ipvs")),
            Nftables = Nftables(root.Section("nftables")),
            Winkernel = Winkernel(root.Section("winkernel")),
            DetectLocalMode = root.Text("detectLocalMode"),
            DetectLocal = DetectLocal(root.Section("detectLocal")),
            ClusterCidr = root.Text("clusterCIDR"),
            NodePortAddresses = root.Texts("nodePortAddresses"),
            OomScoreAdj = root.Int("oomScoreAdj", Defaults.OomScoreAdj),
            Conntrack = Conntrack(root.Section("conntrack")),
            ConfigSyncPeriod = root.TimeOr("configSyncPeriod", Defaults.ConfigSyncPeriod),
            PortRange = root.Text("portRange"),
            WindowsRunAsService = root.Flag("windowsRunAsService"),
        };
        root.Close();
        return config;
    }

    private static ClientConnectionSection ClientConnection(FieldReader section) => new()
    {
        Kubeconfig = section.Text("kubeconfig"),
        AcceptContentTypes = section.Text("acceptContentTypes"),
        ContentType = section.TextOr("contentType", Defaults.ClientConnection.ContentType),
        Qps = section.Number("qps") is var qps && qps != 0 ? qps : Defaults.ClientConnection.Qps,
        Burst = section.Int("burst") is var burst && burst != 0 ? burst : Defaults.ClientConnection.Burst,
    };

    private static LoggingSection Logging(FieldReader section)
    {
        var options = section.Section("options");
        return new LoggingSection
        {
            Format = section.TextOr("format", Defaults.Logging.Format),
            FlushFrequency = FlushFrequency(section),
            Verbosity = section.Int("verbosity"),
            Vmodule = section.Sections("vmodule").Select(v => new VmoduleEntry(v.Text("filePattern"), v.Int("verbosity"))).ToValueList(),
            TextOptions = Stream(options.Section("text")),
            JsonOptions = Stream(options.Section("json")),
        };
    }

    /// <summary>A duration, or nanoseconds as a number: older versions wrote those.</summary>
    private static TimeSpan FlushFrequency(FieldReader section)
    {
        if (!long.TryParse(section.Text("flushFrequency"), out var nanoseconds))
            return section.TimeOr("flushFrequency", Defaults.Logging.FlushFrequency);
        return nanoseconds > 0 ? TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick) : Defaults.Logging.FlushFrequency;
    }

    private static LogStreamOptions Stream(FieldReader section) => new(section.Flag("splitStream"), section.TextOr("infoBufferSize", "0"));

    private static IptablesSection Iptables(FieldReader section) => new()
    {
        MasqueradeBit = section.Int("masqueradeBit", Defaults.Iptables.MasqueradeBit),
        MasqueradeAll = section.Flag("masqueradeAll"),
        LocalhostNodePorts = section.Flag("localhostNodePorts", true),
        SyncPeriod = section.TimeOr("syncPeriod", Defaults.Iptables.SyncPeriod),
        MinSyncPeriod = section.Time("minSyncPeriod"),
    };

    private static IpvsSection Ipvs(FieldReader section) => new()
    {
        SyncPeriod = section.TimeOr("syncPeriod", Defaults.Ipvs.SyncPeriod),
        MinSyncPeriod = section.Time("minSyncPeriod"),
        Scheduler = section.Text("scheduler"),
        ExcludeCidrs = section.Texts("excludeCIDRs"),
        StrictArp = section.Flag("strictARP"),
        TcpTimeout = section.Time("tcpTimeout"),
        TcpFinTimeout = section.Time("tcpFinTimeout"),
        UdpTimeout = section.Time("udpTimeout"),
    };

    private static NftablesSection Nftables(FieldReader section) => new()
    {
        MasqueradeBit = section.Int("masqueradeBit", Defaults.Nftables.MasqueradeBit),
        MasqueradeAll = section.Flag("masqueradeAll"),
        SyncPeriod = section.TimeOr("syncPeriod", Defaults.Nftables.SyncPeriod),
        MinSyncPeriod = section.Time("minSyncPeriod"),
    };

    private static WinkernelSection Winkernel(FieldReader section) => new()
    {
        NetworkName = section.Text("networkName"),
        SourceVip = section.Text("sourceVip"),
        EnableDsr = section.Flag("enableDSR"),
        RootHnsEndpointName = section.Text("rootHnsEndpointName"),
        ForwardHealthCheckVip = section.Flag("forwardHealthCheckVip"),
    };

    private static DetectLocalSection DetectLocal(FieldReader section)
        => new(section.Text("bridgeInterface"), section.Text("interfaceNamePrefix"));

    private static ConntrackSection Conntrack(FieldReader section) => new()
    {
        MaxPerCore = section.Int("maxPerCore", Defaults.Conntrack.MaxPerCore),
        Min = section.Int("min", Defaults.Conntrack.Min),
        TcpEstablishedTimeout = section.Time("tcpEstablishedTimeout", Defaults.Conntrack.TcpEstablishedTimeout),
        TcpCloseWaitTimeout = section.Time("tcpCloseWaitTimeout", Defaults.Conntrack.TcpCloseWaitTimeout),
        TcpBeLiberal = section.Flag("tcpBeLiberal"),
        UdpTimeout = section.Time("udpTimeout"),
        UdpStreamTimeout = section.Time("udpStreamTimeout"),
    };
}
