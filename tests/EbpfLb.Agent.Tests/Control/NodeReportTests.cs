using EbpfLb.Agent.Control;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Node;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Control;

/// <summary>What `ebpflb status` says of devices and addresses.</summary>
public sealed class NodeReportTests : IDisposable
{
    private readonly FakeNode node = new();
    private readonly CollectedLog log = new();

    public void Dispose()
    {
        node.Dispose();
        log.Dispose();
    }

    [Fact]
    public void Devices_with_programs_come_first_and_all_have_a_reason()
    {
        node.Device("cali1", "veth").Device("eth0", address: "192.0.2.1", gateway: "192.0.2.254").Device("eth1").Refuse = name
            => name == "eth1" ? "no room" : null;
        var devices = NodeReports.Devices(View());
        Assert.Equal(
            [
                new DeviceStatus("eth0", 3, "uplink", "carries the default route", "tcx", 7, 8, "192.0.2.1", null, null),
                new DeviceStatus("eth1", 4, "uplink", "a physical device", "tcx", 7, 8, "192.0.2.1", null, "no room"),
                new DeviceStatus("cali1", 2, "none", "a veth without an address", null, 0, 0, "192.0.2.1", null, null),
            ],
            devices);
    }

    [Theory]
    [InlineData("", "192.0.2.1 127.0.0.0/8")]
    [InlineData("localhost", "127.0.0.0/8 ::1")]
    [InlineData("192.0.2.0/24", "192.0.2.1")]
    public void Addresses_of_NodePorts_are_told_with_loopback(string option, string addresses)
    {
        node.Device("eth0", address: "192.0.2.1");
        Assert.Equal(addresses,
            string.Join(' ',
                NodeReports.NodePortAddresses(View(NodeOptions.Default with { NodePortAddresses = NodePortAddresses.Parse(option) }))));
    }

    [Fact]
    public async Task The_status_command_shows_them()
    {
        node.Device("eth0", address: "192.0.2.1", gateway: "192.0.2.254").Sysctl("ipv4/ip_forward", "0")
            .Sysctl("ipv4/conf/eth0/forwarding", "0");
        for (var i = 0; i < 22; i++) node.Device($"cali{i}", "veth");
        var view = View();
        using var line = new TestCommandLine
        {
            Finder = new FakeFinder(new FakeView { Status = FakeView.ReadyStatus with
            {
                Devices = NodeReports.Devices(view), NodePortAddresses = NodeReports.NodePortAddresses(view), Warnings = view.Warnings,
            } }),
        };

        await line.RunAsync("status");

        Assert.Contains(line.OutputLines,
            l => l.StartsWith("eth0 ", StringComparison.Ordinal) && l.Contains("uplink") && l.Contains("tcx") && l.EndsWith(
                "carries the default route", StringComparison.Ordinal));
        Assert.Contains(line.OutputLines, l => l.StartsWith("cali19 ", StringComparison.Ordinal) && l.Contains("left alone"));
        Assert.DoesNotContain(line.OutputLines, l => l.StartsWith("cali20 ", StringComparison.Ordinal));
        Assert.Contains("and 2 more left alone", line.Output);
        Assert.Contains(
            line.OutputLines, l => l.StartsWith("NodePorts on", StringComparison.Ordinal) && l.Contains("192.0.2.1, 127.0.0.0/8"));
        Assert.Contains("IPv4 forwarding is off", line.Output);
    }

    private NodeView View(NodeOptions? options = null)
    {
        var state = new PipelineState(
            () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false);
        new NodeReconciler(node, node, state, () => options ?? NodeOptions.Default, () => false, log.Loggers.CreateLogger("node"))
            .Refresh();
        return state.NodeView;
    }
}
