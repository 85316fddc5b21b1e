using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Testing;

namespace EbpfLb.Configuration.Tests.KubeProxy;

/// <summary>What kube-proxy reads, we read with the same meaning.</summary>
public sealed class KubeProxyReadingTests
{
    private const string Head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

    private static KubeProxyConfiguration Read(string fields) => ConfigText.Read(Head + fields).KubeProxy;

    private static ConfigException Refused(string fields)
        => Assert.Throws<ConfigException>(() => ConfigText.Read(Head + fields, "proxy.yaml"));

    [Fact]
    public void A_document_without_fields_is_all_defaults() => Assert.Equal(new KubeProxyConfiguration(), Read(""));

    [Contract("16", "defaults: kube-proxy's, but minSyncPeriod, which is 0")]
    [Fact]
    public void The_defaults_are_those_of_kube_proxy_but_for_the_shortest_period()
    {
        var config = new KubeProxyConfiguration();
        Assert.Equal(
            ("0.0.0.0", "0.0.0.0:10256", "127.0.0.1:10249"), (config.BindAddress, config.HealthzBindAddress, config.MetricsBindAddress));
        Assert.Equal((5, 10, "application/vnd.kubernetes.protobuf"),
            (config.ClientConnection.Qps, config.ClientConnection.Burst, config.ClientConnection.ContentType));
        Assert.Equal((14, 14, true), (config.Iptables.MasqueradeBit, config.Nftables.MasqueradeBit, config.Iptables.LocalhostNodePorts));
        Assert.Equal(
            (-999, TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(30)), (config.OomScoreAdj, config.ConfigSyncPeriod, config.SyncPeriod));
        Assert.Equal((32768, 131072), (config.Conntrack.MaxPerCore, config.Conntrack.Min));
        Assert.Equal((TimeSpan.FromHours(24), TimeSpan.FromHours(1)),
            (config.Conntrack.TcpEstablishedTimeout, config.Conntrack.TcpCloseWaitTimeout));
        Assert.Equal(TimeSpan.Zero, config.MinSyncPeriod);
    }

    [Fact]
    public void A_short_configuration_with_comments_is_read()
    {
        var config = Read("""
            mode: "ipvs"
            ipvs:
              scheduler: "rr"  # round robin

            """);
        Assert.Equal((ProxyModes.Ipvs, "rr"), (config.Mode, config.Ipvs.Scheduler));
    }

    [Contract("16", "mode: whose periods and defaults count")]
    [Fact]
    public void Periods_are_those_of_the_mode()
    {
        var config = Read("""
            mode: ipvs
            ipvs:
              scheduler: rr
              syncPeriod: 20s
              minSyncPeriod: 2s
              tcpTimeout: 0s
              tcpFinTimeout: 0s
              udpTimeout: 0s
              strictARP: true
            conntrack:
              maxPerCore: 32768
              min: 131072
              tcpEstablishedTimeout: 43200s
              tcpCloseWaitTimeout: 30m
            """);
        Assert.Equal((TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(2)), (config.SyncPeriod, config.MinSyncPeriod));
        Assert.True(config.Ipvs.StrictArp);
        Assert.Equal((TimeSpan.FromHours(12), TimeSpan.FromMinutes(30)),
            (config.Conntrack.TcpEstablishedTimeout, config.Conntrack.TcpCloseWaitTimeout));
        Assert.Equal(TimeSpan.FromSeconds(30), (config with { Mode = "" }).SyncPeriod);
        Assert.Equal(TimeSpan.FromSeconds(30), (config with { Mode = ProxyModes.Nftables }).SyncPeriod);
    }

    [Contract("16", "every field: is read, written, documented, and means what the table of configuration says")]
    [Fact]
    public void Every_field_is_read()
    {
        var config = Read("""
            featureGates: {Some: true, Other: off}
            clientConnection: {kubeconfig: /k, acceptContentTypes: a, contentType: c, qps: 2.5, burst: 7}
            logging:
              format: json
              flushFrequency: 7000000000
              verbosity: 4
              vmodule: [{filePattern: proxier, verbosity: 6}]
              options:
                text: {splitStream: true, infoBufferSize: 1k}
                json: {splitStream: true, infoBufferSize: 2k}
            hostnameOverride: 12
            bindAddress: 10.0.0.1
            healthzBindAddress: 10.0.0.2
            metricsBindAddress: 10.0.0.3:1
            bindAddressHardFail: true
            enableProfiling: yes
            showHiddenMetricsForVersion: "1.30"
            mode: nftables
            iptables: {masqueradeBit: 1, masqueradeAll: true, localhostNodePorts: false, syncPeriod: 10s, minSyncPeriod: 1s}
            ipvs: {syncPeriod: 11s, minSyncPeriod: 2s, scheduler: lc, excludeCIDRs: [10.1.0.0/16], strictARP: true, tcpTimeout: 1s, tcpFinTimeout: 2s, udpTimeout: 3s}
            nftables: {masqueradeBit: 2, masqueradeAll: true, syncPeriod: 12s, minSyncPeriod: 3s}
            winkernel: {networkName: n, sourceVip: s, enableDSR: true, rootHnsEndpointName: r, forwardHealthCheckVip: true}
            detectLocalMode: BridgeInterface
            detectLocal: {bridgeInterface: cni0, interfaceNamePrefix: veth}
            clusterCIDR: 10.2.0.0/16,fd00::/48
            nodePortAddresses: [10.0.0.0/8, primary]
            oomScoreAdj: 5
            conntrack: {maxPerCore: 1, min: 2, tcpEstablishedTimeout: 3s, tcpCloseWaitTimeout: 4s, tcpBeLiberal: true, udpTimeout: 5s, udpStreamTimeout: 6s}
            configSyncPeriod: 1h30m
            portRange: 1-2
            windowsRunAsService: true
            """);
        var expected = new KubeProxyConfiguration
        {
            FeatureGates = [new("Some", true), new("Other", false)],
            ClientConnection = new() { Kubeconfig = "/k", AcceptContentTypes = "a", ContentType = "c", Qps = 2.5, Burst = 7 },
            Logging = new()
            {
                Format = "json", FlushFrequency = TimeSpan.FromSeconds(7), Verbosity = 4, Vmodule = [new("proxier", 6)],
                TextOptions = new(true, "1k"), JsonOptions = new(true, "2k"),
            },
            HostnameOverride = "12", BindAddress = "10.0.0.1", HealthzBindAddress = "10.0.0.2:10256", MetricsBindAddress = "10.0.0.3:1",
            BindAddressHardFail = true, EnableProfiling = true, ShowHiddenMetricsForVersion = "1.30", Mode = "nftables",
            Iptables = new()
            {
                MasqueradeBit = 1, MasqueradeAll = true, LocalhostNodePorts = false, SyncPeriod = TimeSpan.FromSeconds(10),
                MinSyncPeriod = TimeSpan.FromSeconds(1),
            },
            Ipvs = new()
            {
                SyncPeriod = TimeSpan.FromSeconds(11), MinSyncPeriod = TimeSpan.FromSeconds(2), Scheduler = "lc",
                ExcludeCidrs = ["10.1.0.0/16"], StrictArp = true,
                TcpTimeout = TimeSpan.FromSeconds(1), TcpFinTimeout = TimeSpan.FromSeconds(2), UdpTimeout = TimeSpan.FromSeconds(3),
            },
            Nftables = new()
            {
                MasqueradeBit = 2, MasqueradeAll = true, SyncPeriod = TimeSpan.FromSeconds(12), MinSyncPeriod = TimeSpan.FromSeconds(3),
            },
            Winkernel
                = new() { NetworkName = "n", SourceVip = "s", EnableDsr = true, RootHnsEndpointName = "r", ForwardHealthCheckVip = true },
            DetectLocalMode = "BridgeInterface", DetectLocal = new("cni0", "veth"), ClusterCidr = "10.2.0.0/16,fd00::/48",
            NodePortAddresses = ["10.0.0.0/8", "primary"],
            OomScoreAdj = 5,
            Conntrack = new()
            {
                MaxPerCore = 1, Min = 2, TcpEstablishedTimeout = TimeSpan.FromSeconds(3), TcpCloseWaitTimeout = TimeSpan.FromSeconds(4),
                TcpBeLiberal = true,
                UdpTimeout = TimeSpan.FromSeconds(5), UdpStreamTimeout = TimeSpan.FromSeconds(6),
            },
            ConfigSyncPeriod = TimeSpan.FromMinutes(90), PortRange = "1-2", WindowsRunAsService = true,
        };
        Assert.Equal(expected, config);
    }

    [Contract("16", "defaults: kube-proxy's, but minSyncPeriod, which is 0")]
    [Theory]
    [InlineData("bindAddress: \"::\"", "[::]:10256", "[::1]:10249")]
    [InlineData("bindAddress: fd00::1", "[::]:10256", "[::1]:10249")]
    [InlineData("healthzBindAddress: \"\"\nmetricsBindAddress: \"\"", "0.0.0.0:10256", "127.0.0.1:10249")]
    [InlineData("healthzBindAddress: fd00::1\nmetricsBindAddress: 0.0.0.0", "[fd00::1]:10256", "0.0.0.0:10249")]
    [InlineData("healthzBindAddress: 127.0.0.1:1\nmetricsBindAddress: \"[::1]:2\"", "127.0.0.1:1", "[::1]:2")]
    public void Addresses_to_listen_on_follow_the_family_and_get_their_port(string fields, string healthz, string metrics)
    {
        var config = Read(fields);
        Assert.Equal((healthz, metrics), (config.HealthzBindAddress, config.MetricsBindAddress));
    }

    [Contract("16", "validation: every rule, all errors together with their paths and lines")]
    [Fact]
    public void All_errors_are_told_together_with_their_paths_and_lines()
    {
        var error = Refused("""
            mode: ipvss
            oomScoreAdj: 1001
            bindAddress: nowhere
            healthzBindAddress: 1.2.3.4:99999
            iptables:
              syncPeriod: 1s
              minSyncPeriod: 2s
              masqueradeBit: 32
            conntrack:
              min: -1
              tcpEstablishedTimeout: tomorrow
            clusterCIDR: 10.0.0.0/8,10.1.0.0/33
            nodePortAddresses:
            - 10.0.0.0/8
            - somewhere
            detectLocalMode: InterfaceNamePrefix
            """);
        Assert.StartsWith("proxy.yaml cannot be used:\n", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            [
                ("mode", "line 3"), ("oomScoreAdj", "line 4"), ("bindAddress", "line 5"), ("healthzBindAddress", "line 6"),
                ("iptables.minSyncPeriod", "line 9"),
                ("iptables.masqueradeBit", "line 10"), ("conntrack.min", "line 12"), ("conntrack.tcpEstablishedTimeout", "line 13"),
                ("clusterCIDR", "line 14"),
                ("nodePortAddresses[1]", "line 15"), ("detectLocal.interfaceNamePrefix", null),
            ],
            error.Problems.Select(p => (p.Path, p.Where)).OrderBy(p => p.Where is null ? 99 : int.Parse(p.Where[5..])));
        Assert.Contains("\n  kubeproxy.config.k8s.io: conntrack.min: -1 is negative; give 0 or more (line 12)", error.Message,
            StringComparison.Ordinal);
        Assert.Contains("'ipvss' is none of its values; did you mean ipvs?", error.Message, StringComparison.Ordinal);
    }

    [Contract("16", "validation: every rule, all errors together with their paths and lines")]
    [Theory]
    [InlineData("mode: [a]", "mode")]
    [InlineData("bindAddressHardFail: \"true\"", "bindAddressHardFail")]
    [InlineData("bindAddressHardFail: 1", "bindAddressHardFail")]
    [InlineData("oomScoreAdj: \"5\"", "oomScoreAdj")]
    [InlineData("oomScoreAdj: 1.5", "oomScoreAdj")]
    [InlineData("clientConnection: {qps: many}", "clientConnection.qps")]
    [InlineData("iptables: 5", "iptables")]
    [InlineData("nodePortAddresses: 10.0.0.0/8", "nodePortAddresses")]
    [InlineData("nodePortAddresses: [{}]", "nodePortAddresses[0]")]
    [InlineData("featureGates: {A: 1}", "featureGates.A")]
    [InlineData("logging: {vmodule: x}", "logging.vmodule")]
    [InlineData("configSyncPeriod: {}", "configSyncPeriod")]
    [InlineData("configSyncPeriod: 15", "configSyncPeriod")]
    [InlineData("nodePortAddresses: [10.0.0.0/33]", "nodePortAddresses[0]")]
    [InlineData("clusterCIDR: 10.0.0.0/16,10.1.0.0/16,10.2.0.0/16,10.3.0.0/16,10.4.0.0/16,10.5.0.0/16,10.6.0.0/16,10.7.0.0/16,10.8.0.0/16",
        "clusterCIDR")]
    [InlineData("clusterCIDR: 10.0.0.0/8,fd00::/129", "clusterCIDR")]
    [InlineData("detectLocalMode: BridgeInterface", "detectLocal.bridgeInterface")]
    [InlineData("ipvs: {excludeCIDRs: [x]}", "ipvs.excludeCIDRs[0]")]
    [InlineData("logging: {format: xml}", "logging.format")]
    [InlineData("mode: ipvs\nipvs: {scheduler: best}", "ipvs.scheduler")]
    public void A_wrong_value_is_an_error_at_its_path(string fields, string path)
        => Assert.Contains(path, Refused(fields).Problems.Select(p => p.Path));

    [Contract("16", "decoding: strict, then lenient with warnings")]
    [Fact]
    public void An_unknown_field_and_one_given_twice_are_warnings_with_path_line_and_what_was_meant()
    {
        var loaded = ConfigText.Read(Head + """
            mode: iptables
            mode: ipvs
            nodePortAddreses: [primary]
            conntrack:
              maxpercore: 5
              somethingElse: {a: 1}
            """);
        Assert.Equal(ProxyModes.Ipvs, loaded.KubeProxy.Mode);
        Assert.Equal(
            [
                "kubeproxy.config.k8s.io: conntrack.maxpercore: the field is not known "
                    + "here and has no effect; did you mean maxPerCore? (line 7)",
                "kubeproxy.config.k8s.io: conntrack.somethingElse: the field is not known here and has no effect; remove it (line 8)",
                "kubeproxy.config.k8s.io: nodePortAddreses: the field is not known here "
                    + "and has no effect; did you mean nodePortAddresses? (line 5)",
                "kubeproxy.config.k8s.io: mode: the field is there twice; the last one counts; remove the others (line 4)",
            ],
            loaded.Warnings);
    }

    [Theory]
    [InlineData("mode: ipvs", "rr")]
    [InlineData("mode: ipvs\nipvs: {scheduler: sed}", "sed")]
    [InlineData("mode: nftables\nipvs: {scheduler: best}", null)]
    [InlineData("ipvs: {scheduler: sed}", null)]
    public void The_scheduler_is_that_of_mode_ipvs(string fields, string? name)
    {
        var loaded = ConfigText.Read(Head + fields + "\n");
        Assert.Empty(loaded.Warnings);
        Assert.Equal(name, loaded.KubeProxy.Scheduler);
    }

    [Theory]
    [InlineData("lblc")]
    [InlineData("ovf")]
    public void A_scheduler_that_only_IPVS_has_is_a_warning_with_what_is_used(string name)
        => Assert.Equal(
            [
                $"kubeproxy.config.k8s.io: ipvs.scheduler: '{name}' is not to be had here, and rr is used; give "
                    + "random, rr, wrr, lc, wlc, sh, dh, sed, nq or maglev (line 4)",
            ],
            ConfigText.Read($"{Head}mode: ipvs\nipvs: {{scheduler: {name}}}\n").Warnings);

    [Fact]
    public void What_older_versions_wrote_is_no_reason_to_warn()
    {
        var loaded = ConfigText.Read(
            Head + "udpIdleTimeout: 250ms\nresourceContainer: /kube-proxy\nmode: userspace\nlogging: {flushFrequency: 0}\n");
        Assert.Empty(loaded.Warnings);
        Assert.Equal(new LoggingSection(), loaded.KubeProxy.Logging);
    }
}
