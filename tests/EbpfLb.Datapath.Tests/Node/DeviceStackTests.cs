using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Tests.Devices;

namespace EbpfLb.Datapath.Tests.Node;

/// <summary>What programs are told of devices that take their packets from others.</summary>
public sealed class DeviceStackTests
{
    private const string Mac = "02-00-00-00-00-01";
    private const string OtherMac = "02-00-00-00-00-02";

    [Theory]
    [InlineData("macvlan")]
    [InlineData("ipvlan")]
    public void A_device_on_a_lower_one_is_above_it_where_both_have_programs(string kind)
        => Assert.Equal(
            ["eth0", "mv0 above"],
            Told(new Net().Device("eth0").Device("mv0", kind, parent: "eth0", mac: Mac), "eth0", "mv0"));

    [Theory]
    [InlineData("vlan")]
    [InlineData("vxlan")]
    public void What_is_tagged_or_wrapped_up_is_left_alone_below(string kind)
        => Assert.Equal(["eth0", "up0"], Told(new Net().Device("eth0").Device("up0", kind, parent: "eth0", mac: Mac), "eth0", "up0"));

    [Theory]
    [InlineData("bridge")]
    [InlineData("bond")]
    public void A_bridge_or_bond_is_above_its_ports(string kind)
        => Assert.Equal(["br0 above", "eth0"], Told(new Net().Device("br0", kind, mac: Mac).Device("eth0", master: "br0"), "br0", "eth0"));

    [Fact]
    public void A_port_looks_at_the_frames_of_a_bridge_without_a_program()
        => Assert.Equal(
            ["br0", $"eth0 for {Mac}"], Told(new Net().Device("br0", "bridge", mac: Mac).Device("eth0", master: "br0"), "eth0"));

    [Fact]
    public void The_lower_device_looks_at_the_frames_of_the_first_macvlan_without_a_program()
        => Assert.Equal(
            [$"eth0 for {OtherMac}", "mv0 above", "mv1"],
            Told(new Net().Device("eth0").Device("mv0", "macvlan", parent: "eth0", mac: Mac)
                    .Device("mv1", "macvlan", parent: "eth0", mac: OtherMac),
                "eth0", "mv0"));

    [Fact]
    public void A_device_without_a_program_is_told_nothing_of()
        => Assert.Equal(["br0 above", "eth0", "eth1"],
            Told(new Net().Device("br0", "bridge", mac: Mac).Device("eth0", master: "br0").Device("eth1", master: "br0"), "br0", "eth0"));

    [Fact]
    public void A_routing_domain_takes_no_packets()
        => Assert.Equal(["vrf0", "eth0"], Told(new Net().Device("vrf0", "vrf", mac: Mac).Device("eth0", master: "vrf0"), "vrf0", "eth0"));

    /// <summary>Where netfilter may look before the program does.</summary>
    [Fact]
    public void Bridges_with_a_program_are_told_of()
    {
        var net = new Net().Device("br0", "bridge", mac: Mac).Device("eth0", master: "br0").Device("eth1").Device("br1", "bridge");
        Assert.Equal("br0", Bridges(net, "br0", "eth1"));
        Assert.Equal("", Bridges(net, "eth0", "eth1"));
    }

    private static string Bridges(Net net, params string[] attached)
    {
        var state = Build(net, attached);
        Assert.Equal(state.Devices.Any(d => d.Bridge), state.Settings.Bridges);
        return string.Join(' ', state.Devices.Where(d => d.Bridge).Select(d => d.Name));
    }

    private static IEnumerable<string> Told(Net net, params string[] attached)
    {
        var state = Build(net, attached);
        Assert.Equal(state.Devices.Any(d => d.Above), state.Settings.DevicesAbove);
        return state.Devices.Select(d => d.Name + (d.Above ? " above" : "") + (
            d.Upper is { } mac ? $" for {string.Join('-', mac.GetAddressBytes().Select(b => $"{b:X2}"))}" : ""));
    }

    private static NodeState Build(Net net, string[] attached)
    {
        var options = NodeOptions.Default with { Devices = DeviceOptions.Default with { Only = [.. attached.Select(NamePattern.Parse)] } };
        return NodeStateBuilder.Build(net.Snapshot, DeviceSelector.Select(net.Snapshot, options.Devices), options, null, 0, cpus: 2);
    }
}
