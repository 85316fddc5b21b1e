using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.Output;

namespace EbpfLb.Configuration.Tests;

/// <summary>What comes into force without a restart is one fact, which documentation, reload and log share.</summary>
public sealed class HotFieldTests
{
    /// <summary>Every field with a meaning has another value than its default.</summary>
    private const string Everything = """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        mode: nftables
        hostnameOverride: other
        bindAddress: 10.0.0.1
        healthzBindAddress: 10.0.0.1:1
        metricsBindAddress: 10.0.0.1:2
        bindAddressHardFail: true
        enableProfiling: true
        clientConnection: {kubeconfig: /k}
        logging: {format: json, verbosity: 3}
        clusterCIDR: 10.1.0.0/16
        detectLocalMode: BridgeInterface
        detectLocal: {bridgeInterface: br0, interfaceNamePrefix: veth}
        nodePortAddresses: [10.0.0.0/8]
        iptables: {masqueradeAll: true, localhostNodePorts: false, syncPeriod: 11s, minSyncPeriod: 1s}
        nftables: {masqueradeAll: true, syncPeriod: 12s, minSyncPeriod: 2s}
        ipvs: {syncPeriod: 13s, minSyncPeriod: 3s}
        conntrack: {tcpEstablishedTimeout: 1s, tcpCloseWaitTimeout: 2s, udpTimeout: 3s, udpStreamTimeout: 4s}
        configSyncPeriod: 1h
        oomScoreAdj: 5
        ---
        apiVersion: ebpflb.io/v1alpha1
        kind: EbpfLbConfiguration
        instance: other
        runDir: /r
        bpffs: /b
        cgroupRoot: /c
        apiServers: ["https://h:1"]
        serveHealthz: false
        serveMetrics: false
        serviceMetrics: 5
        syncPeriod: 10s
        minSyncPeriod: 1s
        verifyPeriod: 2m
        logFormat: json
        sizes: {services: 1, frontends: 2, backends: 3, slots: 4, affinity: 5, flows: 600, sourceRanges: 7, nodeAddresses: 8, devices: 9}
        devices: {uplinks: [eth0], exclude: [eth1], pods: [eth2], tcAttach: tcx}
        flows: {tcpHalfOpen: 1s, tcpEstablished: 2s, tcpClosing: 3s, tcpClosed: 4s, udp: 5s, udpStream: 6s, sweepCpuPercent: 2.5}
        snatPorts: 40000-41000
        answerLimit: 500/100/10
        nodePortRange: 20000-21000
        alwaysSnat: true
        hostSocketsOnly: true
        unknownPorts: ignore
        protectNodePorts: true
        dropEvents: false
        setSysctls: true
        endTcpOfRemovedEndpoints: true
        """;

    [Fact]
    public void A_running_agent_takes_over_the_fields_that_the_catalogue_calls_hot_and_no_others()
    {
        var wanted = ConfigText.Read(Everything);
        var all = ConfigJson.Differences(LoadedConfig.Default, wanted).ToList();
        var inForce = LoadedConfig.Default.WithHot(wanted);
        Assert.Equal(all.Where(f => ChangeOf(f) == FieldChange.Hot), ConfigJson.Differences(LoadedConfig.Default, inForce));
        Assert.Equal(all.Where(f => ChangeOf(f) != FieldChange.Hot), ConfigJson.Differences(inForce, wanted));
        // The text above has them all: one that is new must be added to it.
        var hot = ConfigDocument.Both.SelectMany(d => d.Rows).Select(row => row.Note).Where(n => n.Change == FieldChange.Hot)
            .Select(n => n.Path);
        Assert.Equal(hot.Order(StringComparer.Ordinal),
            all.Where(f => ChangeOf(f) == FieldChange.Hot).Select(f => f.Path).Order(StringComparer.Ordinal));
    }

    private static FieldChange? ChangeOf((string Group, string Path) field) => ConfigDocument.Find(field.Group, field.Path)?.Change;
}
