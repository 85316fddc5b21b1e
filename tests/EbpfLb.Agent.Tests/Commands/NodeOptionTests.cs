using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>Options about devices, addresses and masquerading.</summary>
public sealed class NodeOptionTests : IDisposable
{
    private readonly TestCommandLine line = new TestCommandLine().StopAtSource();
    private readonly TemporaryDirectory directory = new();

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Defaults_are_those_of_kube_proxy()
    {
        await ReadAsync();
        Assert.Equal(TcAttachMode.Auto, line.Seen!.TcAttach);
        Assert.False(line.SeenLive!.SetSysctls);
        Assert.Null(line.Seen.Answers);
        Assert.Equal(
            NodeOptions.Default with
            {
                Devices = line.SeenLive.Node.Devices, NodePortAddresses = line.SeenLive.Node.NodePortAddresses,
                Detector = line.SeenLive.Node.Detector,
                DropEvents = true,
            },
            line.SeenLive.Node);
        Assert.Equal("all", line.SeenLive.Node.NodePortAddresses.ToString());
        Assert.Equal(PodDetector.None, line.SeenLive.Node.Detector);
        Assert.Equal(
            (0, 0, 0),
            (line.SeenLive.Node.Devices.Only.Count, line.SeenLive.Node.Devices.Excluded.Count, line.SeenLive.Node.Devices.Pods.Count));
    }

    [Fact]
    public async Task Every_option_arrives()
    {
        await ReadAsync(
            "--devices", "eth0, bond+", "--exclude-devices", "wg0", "--pod-device", "cali*,veth+", "--tc-attach", "clsact", "--set-sysctls",
            "--nodeport-addresses", "10.0.0.0/8,primary", "--iptables-localhost-nodeports", "false",
            "--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48", "--masquerade-all", "--always-snat", "--host-sockets-only",
            "--protect-nodeports",
            "--drop-events", "false", "--snat-ports", "50000-50999", "--node-port-range", "20000-22767", "--answer-limit", "500/100/10");
        var node = line.SeenLive!.Node;
        Assert.Equal(["eth0", "bond+"], node.Devices.Only.Select(p => p.Text));
        Assert.Equal(["wg0"], node.Devices.Excluded.Select(p => p.Text));
        Assert.Equal(["cali*", "veth+"], node.Devices.Pods.Select(p => p.Text));
        Assert.Equal((TcAttachMode.Clsact, true), (line.Seen!.TcAttach, line.SeenLive!.SetSysctls));
        Assert.Equal(new AnswerLimit(TimeSpan.FromMilliseconds(500), 100, 10), line.Seen.Answers);
        Assert.Equal("10.0.0.0/8,primary", node.NodePortAddresses.ToString());
        Assert.Equal([SourceRange.Parse("10.244.0.0/16"), SourceRange.Parse("fd00:10:244::/48")], node.Detector.ClusterCidrs);
        Assert.Equal((false, true, true, true, true, false),
            (node.LocalhostNodePorts, node.MasqueradeAll, node.AlwaysSnat, node.HostSocketsOnly, node.ProtectNodePorts, node.DropEvents));
        Assert.Equal(("50000-50999", "20000-22767"), (node.SnatPorts.ToString(), node.NodePorts.ToString()));
    }

    [Theory]
    [InlineData("BridgeInterface", "--pod-bridge-interface", "cni0")]
    [InlineData("InterfaceNamePrefix", "--pod-interface-name-prefix", "cali")]
    public async Task A_detector_by_device_has_its_name(string mode, string option, string name)
    {
        await ReadAsync("--detect-local-mode", mode, option, name);
        Assert.Equal((mode, name, true),
            (line.SeenLive!.Node.Detector.Mode.ToString(), line.SeenLive.Node.Detector.Interface, line.SeenLive.Node.Detector.IsByDevice));
    }

    [Fact]
    public async Task Networks_of_several_blocks_are_given_block_by_block_up_to_eight()
    {
        await ReadAsync("--cluster-cidr", "10.0.0.0/16,100.64.0.0/16,100.65.0.0/16,fd00:10::/48,fd00:11::/48");
        Assert.Equal(5, line.SeenLive!.Node.Detector.ClusterCidrs.Count);
        Assert.Equal(
            2, await line.RunAsync("run", "--cluster-cidr", string.Join(',', Enumerable.Range(0, 9).Select(i => $"10.{i}.0.0/16"))));
        Assert.Contains("--cluster-cidr: has 9 ranges of IPv4; give 8 at most", line.Error);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_together()
    {
        Assert.Equal(2, await line.RunAsync(
            "run", "--devices", "a b", "--tc-attach", "xdp", "--nodeport-addresses", "10.0.0.1,there", "--cluster-cidr",
            "10.0.0.0/8,11.0.0.0/33",
            "--snat-ports", "9-1", "--iptables-localhost-nodeports", "maybe"));
        Assert.Contains("--devices: 'a b' is no name of a device", line.Error);
        Assert.Contains("--tc-attach: 'xdp' is none of its values; give auto, tcx or clsact", line.Error);
        Assert.Contains("--nodeport-addresses: '10.0.0.1' is not a range of addresses", line.Error);
        Assert.Contains("--nodeport-addresses: 'there' is not a range of addresses", line.Error);
        Assert.Contains("--cluster-cidr: '11.0.0.0/33' is not a range of addresses", line.Error);
        Assert.Contains("--snat-ports: '9-1' is not a range of ports", line.Error);
        Assert.Contains("--iptables-localhost-nodeports: 'maybe' is neither true nor false", line.Error);
        Assert.Null(line.Seen);
    }

    [Theory]
    [InlineData("BridgeInterface", "--pod-bridge-interface")]
    [InlineData("InterfaceNamePrefix", "--pod-interface-name-prefix")]
    public async Task A_detector_by_device_needs_a_name(string mode, string option)
    {
        Assert.Equal(2, await line.RunAsync("run", "--detect-local-mode", mode));
        Assert.Contains($"{option}: is empty, and detectLocalMode {mode} needs it", line.Error);
    }

    [Fact]
    public async Task Ranges_of_ports_with_something_in_common_are_both_named()
    {
        Assert.Equal(2, await line.RunAsync("run", "--snat-ports", "32000-40000"));
        Assert.Contains("--snat-ports: 32000-40000 and nodePortRange 30000-32767 overlap", line.Error);
    }

    [Theory]
    [InlineData("30000-32767", "1024-29999")]
    [InlineData("20000-22767", "61000-65535")]
    public async Task Source_ports_keep_clear_of_NodePorts_unasked(string nodePorts, string expected)
    {
        await ReadAsync("--node-port-range", nodePorts);

        Assert.Equal(expected, line.SeenLive!.Node.SnatPorts.ToString());
    }

    private async Task ReadAsync(params string[] args)
    {
        Assert.Equal(1, await line.RunAsync(["run", "--run-dir", directory.Path, .. args]));
        Assert.NotNull(line.Seen);
    }
}
