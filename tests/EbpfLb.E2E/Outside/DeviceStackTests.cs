using System.Text.Json;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Devices on top of others: what comes in by the upper one has come by the lower one first. A macvlan with an address of its
/// own, as for a VIP that came by DHCP; a bridge and its port, which may have one link address. Each test has a cluster of its own.
/// </summary>
public sealed class DeviceStackTests : IDisposable
{
    private const string Mac = "02:00:00:00:60:60";
    private const string PortMac = "02:00:00:00:60:70";
    private TestCluster? cluster;

    /// <param name="devices">Of --devices; empty: those that have programs by themselves, which are both.</param>
    [Theory]
    [InlineData("")]
    [InlineData("eth0")]
    public void NodePorts_answer_on_the_address_of_a_macvlan_on_the_uplink(string devices)
    {
        cluster = new TestCluster(new TestClusterOptions { Extra = devices.Length == 0 ? [] : ["--devices", devices] });
        var service = cluster.Publish("a", "c");
        var first = cluster.First.Netns;
        // Strict filters would refuse what comes by one of two devices in the same network.
        NetnsThread.Run($"/run/netns/{first.Netns}", () =>
        {
            foreach (var name in (string[])["all", "default", "eth0"]) File.WriteAllText($"/proc/sys/net/ipv4/conf/{name}/rp_filter", "0");
        });
        first.Configure(
            $"link add mv0 link eth0 address {Mac} type macvlan mode bridge", "link set mv0 up",
            "addr add 172.18.0.60/24 dev mv0 noprefixroute", "addr add fd00:172:18::60/64 dev mv0 nodad noprefixroute");
        // Else the node's other device would answer for the address, too.
        cluster.Router.Configure($"neigh replace 172.18.0.60 lladdr {Mac} dev nodes nud permanent",
            $"neigh replace fd00:172:18::60 lladdr {Mac} dev nodes nud permanent");
        foreach (var device in devices.Length == 0 ? (string[])["eth0", "mv0"] : [devices]) WaitForProgram(device);
        var addresses = (string[])[$"172.18.0.60:{service.NodePort}", $"[fd00:172:18::60]:{service.NodePort}"];
        // The address counts when the agent has heard of it.
        foreach (var to in addresses)
        {
            Eventually.True(
                () => cluster.Probe.Load(new LoadSpec(LoadMode.Tcp, to) { Count = 1, Timeout = TimeSpan.FromMilliseconds(300) }).IsClean,
                () => $"{to} to answer. {cluster.Report()}");
        }

        foreach (var to in addresses) Check(to);
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        foreach (var way in (Way[])[Way.NodePortOfFirst, Way.LoadBalancerIP])
            Check(service.Address(cluster, way, family));
    }

    [Theory]
    [InlineData("eth0,br7,port7", Mac)]
    [InlineData("eth0,br7,port7", PortMac)]
    [InlineData("eth0,port7", Mac)]
    [InlineData("eth0,port7", PortMac)]
    [InlineData("eth0,br7", Mac)]
    public void Machines_behind_a_bridge_are_served_by_the_bridge_its_port_or_both(string devices, string bridgeMac)
    {
        cluster = new TestCluster(new TestClusterOptions { Extra = ["--devices", devices] });
        var service = cluster.Publish("a", "c");
        using var machine = ScratchNetns.Create();
        cluster.First.Netns.Configure(
            $"link add port7 address {PortMac} type veth peer name eth0 netns {machine.Name}",
            $"link add br7 address {bridgeMac} type bridge", "link set port7 master br7",
            "link set port7 up", "link set br7 up", "addr add 192.168.77.1/24 dev br7", "addr add fd00:77::1/64 dev br7 nodad");
        machine.Configure(
            "link set eth0 up", "addr add 192.168.77.10/24 dev eth0", "addr add fd00:77::10/64 dev eth0 nodad",
            "route add default via 192.168.77.1", "route add default via fd00:77::1");
        foreach (var device in devices.Split(',')) WaitForProgram(device);
        using var probe = NetProbe.Start(new ProcessPlace(machine.Path, null));

        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        foreach (var way in (Way[])[Way.NodePortOfFirst, Way.LoadBalancerIP])
        foreach (var mode in Enum.GetValues<LoadMode>())
            CheckClean(probe.Load(new LoadSpec(mode, service.Address(cluster, way, family)) { Count = 40 }), mode);
    }

    public void Dispose() => cluster?.Dispose();

    private void Check(string to)
    {
        foreach (var mode in Enum.GetValues<LoadMode>()) CheckClean(cluster!.Probe.Load(new LoadSpec(mode, to) { Count = 40 }), mode);
    }

    private void CheckClean(LoadReport report, LoadMode mode)
    {
        cluster!.CheckClean(report);
        Assert.True(mode == LoadMode.UdpShared || report.Names.Count == 2, report.Line);
    }

    private void WaitForProgram(string device) => Eventually.True(
        () => cluster!.First.Agent.Json("status").GetProperty("devices").EnumerateArray().Any(d =>
            d.GetProperty("name").GetString() == device && d.GetProperty("ingressProgram") is { ValueKind: JsonValueKind.Number } program
                && program.GetUInt32() > 0),
        () => $"a program at {device}: {cluster!.First.Agent.Command("status").Output}");
}
