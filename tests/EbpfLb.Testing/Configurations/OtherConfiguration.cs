namespace EbpfLb.Testing.Configurations;

/// <summary>
/// Both configurations with another value than the default in every field that has a meaning, but for `manifests`, which excludes
/// `apiServers`.
/// </summary>
public static class OtherConfiguration
{
    public const string Text = """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        mode: nftables
        hostnameOverride: other
        bindAddress: "2001:db8::1"
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
        ipvs: {syncPeriod: 13s, minSyncPeriod: 3s, scheduler: lc}
        conntrack: {tcpEstablishedTimeout: 1s, tcpCloseWaitTimeout: 2s, udpTimeout: 3s, udpStreamTimeout: 4s}
        configSyncPeriod: 1m
        oomScoreAdj: 5
        ---
        apiVersion: ebpflb.io/v1alpha1
        kind: EbpfLbConfiguration
        instance: other
        runDir: /r
        bpffs: /b
        allowPrivateBpffs: true
        ownerWait: 3s
        cgroupRoot: /c
        apiServers: ["https://h:1"]
        serveHealthz: false
        serveMetrics: false
        serviceMetrics: 5
        statusPage: full
        statusPageHosts: [page.example]
        backendMetrics: 6
        trafficCounts: true
        syncPeriod: 10s
        minSyncPeriod: 1s
        verifyPeriod: 2m
        logFormat: json
        sizes: {services: 1, frontends: 2, backends: 3, slots: 4, maglevPlaces: 40, affinity: 5, flows: 600,
          sourceRanges: 7, nodeAddresses: 8, devices: 9}
        devices: {uplinks: [eth0], exclude: [eth1], pods: [eth2], tcAttach: tcx, xdp: generic}
        flows: {tcpHalfOpen: 1s, tcpEstablished: 2s, tcpClosing: 3s, tcpClosed: 4s, udp: 5s, udpStream: 6s, sweepCpuPercent: 2.5}
        snatPorts: 40000-41000
        answerLimit: 500/100/10
        nodePortRange: 20000-21000
        alwaysSnat: true
        hostSocketsOnly: true
        unknownPorts: ignore
        scheduler: wrr
        maglevTableSize: 251
        forwarding: dsr
        tunnel: geneve
        tunnelPort: 6082
        tunnelMss: 1300
        protectNodePorts: true
        dropEvents: false
        setSysctls: true
        endTcpOfRemovedEndpoints: true
        """;
}
