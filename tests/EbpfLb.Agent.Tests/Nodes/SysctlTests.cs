using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Tests.Nodes;

/// <summary>Settings of the machine that keep packets from going on, or that get in the way of masquerading.</summary>
public sealed class SysctlTests : IDisposable
{
    private readonly FakeNode node = new FakeNode().Device("eth0", address: "192.0.2.1").Device("eth0.7");

    public void Dispose() => node.Dispose();

    [Fact]
    public void Forwarding_that_is_off_is_said_with_what_to_do()
    {
        node.Sysctl("ipv4/ip_forward", "0").Sysctl("ipv4/conf/eth0/forwarding", "0").Sysctl("ipv4/conf/eth0.7/forwarding", "0");
        var problem = Assert.Single(Problems());
        Assert.StartsWith("IPv4 forwarding is off: services do not reach IPv4 backends", problem);
        Assert.Contains("`sysctl -w net.ipv4.ip_forward=1`", problem);
    }

    [Fact]
    public void A_single_device_that_does_not_forward_is_named()
    {
        node.Sysctl("ipv4/ip_forward", "1").Sysctl("ipv4/conf/eth0/forwarding", "1").Sysctl("ipv4/conf/eth0.7/forwarding", "0");
        var problem = Assert.Single(Problems());
        Assert.StartsWith("IPv4 forwarding is off on eth0.7:", problem);
        Assert.Contains("`sysctl -w net.ipv4.conf.eth0/7.forwarding=1`", problem);
    }

    [Fact]
    public void A_family_without_an_address_is_not_looked_at()
    {
        node.Sysctl("ipv4/ip_forward", "1").Sysctl("ipv4/conf/eth0/forwarding", "1").Sysctl("ipv6/conf/all/forwarding", "0")
            .Sysctl("ipv6/conf/eth0/forwarding", "0");
        Assert.Empty(Problems());
        node.Device("eth1", address: "2001:db8::1");
        Assert.StartsWith("IPv6 forwarding is off:", Assert.Single(Problems()));
    }

    [Fact]
    public void Switching_on_keeps_routes_that_routers_advertise()
    {
        node.Sysctl("ipv4/ip_forward", "0").Sysctl("ipv6/conf/all/forwarding", "0").Sysctl("ipv6/conf/eth0/accept_ra", "1")
            .Sysctl("ipv6/conf/eth0.7/accept_ra", "0");

        Forwarding.SwitchOn(node.Sysctls, node.Read().Links);

        Assert.Equal(
            ["1", "1", "2", "0"],
            new[]
            {
                "ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv6/conf/eth0/accept_ra", "ipv6/conf/eth0.7/accept_ra",
            }.Select(node.Sysctls.Read));
    }

    [Theory]
    [InlineData("32768\t60999", "", null)]
    [InlineData("1024\t65535", "", "have 4536 ports in common")]
    [InlineData("1024 61000", "", "have 1 ports in common")]
    [InlineData("1024 65535", "8080,61000-65535", null)]
    [InlineData("1024 65535", "61000-65534", "have 1 ports in common")]
    [InlineData("nonsense", "", null)]
    public void Ports_for_masquerading_must_not_be_the_nodes_own(string local, string reserved, string? problem)
    {
        node.Sysctl("ipv4/ip_local_port_range", local).Sysctl("ipv4/ip_local_reserved_ports", reserved);
        var found = LocalPorts.Problem(node.Sysctls, new PortRange(61000, 65535));
        if (problem is null) Assert.Null(found);
        else Assert.Contains(problem, found);
    }

    private string[] Problems() => [.. Forwarding.Problems(node.Sysctls, node.Read().Links, node.Read().Addresses)];
}
