using EbpfLb.Configuration.Own;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Tests.Own;

/// <summary>Our own document: everything in it is known.</summary>
public sealed class EbpfLbReadingTests
{
    private const string Head = "apiVersion: ebpflb.io/v1alpha1\nkind: EbpfLbConfiguration\n";

    private static EbpfLbConfiguration Read(string fields) => ConfigText.Read(Head + fields).EbpfLb;

    [Fact]
    public void A_document_without_fields_is_all_defaults() => Assert.Equal(new EbpfLbConfiguration(), Read(""));

    [Fact]
    public void Every_field_is_read()
    {
        var config = Read("""
            instance: lab
            runDir: /run/lab
            bpffs: /bpf
            cgroupRoot: /cg
            apiServers: ["https://10.0.0.1:6443"]
            serveHealthz: false
            serveMetrics: false
            syncPeriod: 10s
            minSyncPeriod: 1s
            verifyPeriod: 2m
            logFormat: json
            sizes: {services: 1, frontends: 2, backends: 3, slots: 4, affinity: 5, flows: 600, sourceRanges: 7, nodeAddresses: 8, devices: 9}
            devices: {uplinks: [eth0], exclude: [wg+], pods: ["cali*"], tcAttach: clsact}
            flows: {tcpHalfOpen: 1s, tcpEstablished: 2s, tcpClosing: 3s, tcpClosed: 4s, udp: 5s, udpStream: 6s, sweepCpuPercent: 2.5}
            snatPorts: 50000-60000
            answerLimit: 500/100/10
            nodePortRange: 20000-21000
            alwaysSnat: true
            hostSocketsOnly: true
            unknownPorts: ignore
            protectNodePorts: true
            dropEvents: false
            setSysctls: true
            endTcpOfRemovedEndpoints: true
            """);
        var expected = new EbpfLbConfiguration
        {
            Instance = "lab", RunDir = "/run/lab", BpfFs = "/bpf", CgroupRoot = "/cg", ApiServers = ["https://10.0.0.1:6443"],
                ServeHealthz = false, ServeMetrics = false,
            SyncPeriod = TimeSpan.FromSeconds(10), MinSyncPeriod = TimeSpan.FromSeconds(1), VerifyPeriod = TimeSpan.FromMinutes(2),
                LogFormat = "json",
            Sizes = new()
            {
                [TableSize.Services] = 1, [TableSize.Frontends] = 2, [TableSize.Backends] = 3, [TableSize.Slots] = 4,
                    [TableSize.Affinity] = 5,
                [TableSize.Flows] = 600, [TableSize.SourceRanges] = 7, [TableSize.NodeAddresses] = 8, [TableSize.Devices] = 9,
            },
            Devices = new() { Uplinks = ["eth0"], Exclude = ["wg+"], Pods = ["cali*"], TcAttach = "clsact" },
            Flows = new()
            {
                TcpHalfOpen = TimeSpan.FromSeconds(1), TcpEstablished = TimeSpan.FromSeconds(2), TcpClosing = TimeSpan.FromSeconds(3),
                    TcpClosed = TimeSpan.FromSeconds(4),
                Udp = TimeSpan.FromSeconds(5), UdpStream = TimeSpan.FromSeconds(6), SweepCpuPercent = 2.5,
            },
            SnatPorts = "50000-60000", AnswerLimit = "500/100/10", NodePortRange = "20000-21000", AlwaysSnat = true,
                HostSocketsOnly = true, UnknownPorts = "ignore", ProtectNodePorts = true, DropEvents = false, SetSysctls = true,
                EndTcpOfRemovedEndpoints = true,
        };
        Assert.Equal(expected, config);
        Assert.Equal("/m", Read("manifests: /m").Manifests);
    }

    [Theory]
    [InlineData("instnce: a", "instnce", "the field is not known here; did you mean instance?")]
    [InlineData("devices: {up: []}", "devices.up", "the field is not known here; remove it")]
    [InlineData("instance: a\ninstance: b", "instance", "the field is there twice; remove one")]
    [InlineData("instance: a.b", "instance", "is not an instance name")]
    [InlineData("apiServers: [10.0.0.1]", "apiServers[0]", "is not an address of a server")]
    [InlineData("apiServers: [https://a, \"https://api-int.<CLUSTER>.<DOMAIN>:6443\"]", "apiServers[1]",
        "'https://api-int.<CLUSTER>.<DOMAIN>:6443' is not an address of a server: <CLUSTER> stands for what is to be written there; give "
            + "the API server's own address, such as https://10.0.0.1:6443")]
    [InlineData("apiServers: [\"https://a>b<c\"]", "apiServers[0]", "is not an address of a server; give one such as")]
    [InlineData("manifests: /m\napiServers: [https://a]", "apiServers", "excludes manifests")]
    [InlineData("syncPeriod: 0s", "syncPeriod", "longer than 0")]
    [InlineData("syncPeriod: 1s\nminSyncPeriod: 2s", "minSyncPeriod", "2s is longer than syncPeriod, 1s")]
    [InlineData("logFormat: xml", "logFormat", "give text or json")]
    [InlineData("sizes: {flows: 0}", "sizes.flows", "give 1 or more")]
    [InlineData("sizes: {flows: 255}", "sizes.flows", "give 256 or more")]
    [InlineData("sizes: {backends: 16777217}", "sizes.backends", "give 16777216 or less")]
    [InlineData("sizes: {backends: 99999999999}", "sizes.backends", "a whole number of 32 bits is expected")]
    [InlineData("devices: {uplinks: [eth0, a/b]}", "devices.uplinks[1]", "is no name of a device")]
    [InlineData("devices: {tcAttach: both}", "devices.tcAttach", "give auto, tcx or clsact")]
    [InlineData("scheduler: lblc", "scheduler", "give random, rr, wrr, lc, wlc, sh, dh, sed, nq or maglev")]
    [InlineData("maglevTableSize: 1000", "maglevTableSize", "give a prime from 251 to 131071")]
    [InlineData("forwarding: dsrr", "forwarding", "'dsrr'")]
    [InlineData("forwarding: dsr", "forwarding", "needs a tunnel to the other nodes")]
    [InlineData("backendMetrics: -1", "backendMetrics", "is not a number of backends")]
    [InlineData("flows: {sweepCpuPercent: 101}", "flows.sweepCpuPercent", "is not a share of a core")]
    [InlineData("flows: {sweepCpuPercent: 0}", "flows.sweepCpuPercent", "is not a share of a core")]
    [InlineData("flows: {sweepCpuPercent: -1}", "flows.sweepCpuPercent", "is not a share of a core")]
    [InlineData("flows: {sweepCpuPercent: 1e-9}", "flows.sweepCpuPercent", "give a percentage from 0.1 to 100")]
    [InlineData("flows: {sweepCpuPercent: .nan}", "flows.sweepCpuPercent", "is expected")]
    [InlineData("flows: {sweepCpuPercent: .inf}", "flows.sweepCpuPercent", "is expected")]
    [InlineData("flows: {udp: -1s}", "flows.udp", "is not a duration")]
    [InlineData("syncPeriod: 1ns", "syncPeriod", "is too short")]
    [InlineData("syncPeriod: 99ms", "syncPeriod", "is too short; give 100ms or more")]
    [InlineData("verifyPeriod: 1ms", "verifyPeriod", "is too short; give 100ms or more, or 0 for never")]
    [InlineData("verifyPeriod: -1s", "verifyPeriod", "is not a duration")]
    [InlineData("verifyPeriod: 9999999h", "verifyPeriod", "give less than 200 years")]
    [InlineData("answerLimit: few", "answerLimit", "give milliseconds/a second/at once, such as 1000/1000/50, or off")]
    [InlineData("answerLimit: 1000/1000", "answerLimit", "is no limit of answers")]
    [InlineData("answerLimit: 1000/1000/0", "answerLimit", "is no limit of answers")]
    [InlineData("answerLimit: 1000/-1/50", "answerLimit", "is no limit of answers")]
    [InlineData("snatPorts: many", "snatPorts", "is not a range of ports")]
    [InlineData("snatPorts: 30500-40000", "snatPorts", "overlap")]
    public void What_is_wrong_is_an_error_at_its_path(string fields, string path, string message)
    {
        var problem = Assert.Single(Assert.Throws<ConfigException>(() => Read(fields)).Problems);
        Assert.Equal((EbpfLbConfiguration.Group, path), (problem.Group, problem.Path));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }
}
