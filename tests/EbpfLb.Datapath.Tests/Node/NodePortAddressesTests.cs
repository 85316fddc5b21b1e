using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Datapath.Tests.Node;

/// <summary>docs/contract.md 4.1, row by row.</summary>
public sealed class NodePortAddressesTests
{
    private static readonly IpAddress[] Primaries = [IpAddress.Parse("192.0.2.1"), IpAddress.Parse("2001:db8::1")];

    [Contract(
        "4.1",
        "nodePortAddresses unset CIDRs, a family without one, zero CIDR, primary, localhost, all, mixed: as the contract says")]
    [Theory]
    [InlineData("", "203.0.113.9", true)]
    [InlineData("", "fe80::1", true)]
    [InlineData("192.0.2.0/24", "192.0.2.1", true)]
    [InlineData("192.0.2.0/24", "203.0.113.9", false)]
    [InlineData("192.0.2.0/24, 203.0.113.0/24", "203.0.113.9", true)]
    [InlineData("192.0.2.0/24", "2001:db8::9", true)]
    [InlineData("2001:db8::/32", "203.0.113.9", true)]
    [InlineData("2001:db8::/32", "fe80::1", false)]
    [InlineData("0.0.0.0/0,192.0.2.0/24", "203.0.113.9", true)]
    [InlineData("primary", "192.0.2.1", true)]
    [InlineData("primary", "2001:db8::1", true)]
    [InlineData("primary", "203.0.113.9", false)]
    [InlineData("primary", "fe80::1", false)]
    [InlineData("primary,203.0.113.0/24", "203.0.113.9", true)]
    [InlineData("primary,203.0.113.0/24", "2001:db8::9", false)]
    [InlineData("localhost", "192.0.2.1", false)]
    [InlineData("localhost", "2001:db8::1", false)]
    [InlineData("all", "203.0.113.9", true)]
    [InlineData("all", "2001:db8::9", true)]
    public void An_address_is_open_or_not(string text, string address, bool open)
        => Assert.Equal(open, NodePortAddresses.Parse(text).Allow(IpAddress.Parse(address), Primaries));

    [Contract(
        "4.1",
        "loopback: IPv4 where localhostNodePorts and nodePortAddresses say so, IPv6 where it is named; at the socket, so no "
        + "route_localnet")]
    [Theory]
    [InlineData("", true, false)]
    [InlineData("all", true, false)]
    [InlineData("0.0.0.0/0", true, false)]
    [InlineData("::/0", true, false)]
    [InlineData("192.0.2.0/24", false, false)]
    [InlineData("primary", false, false)]
    [InlineData("localhost", true, true)]
    [InlineData("127.0.0.0/8", true, false)]
    [InlineData("127.0.0.1/32", true, false)]
    [InlineData("127.0.0.2/31", false, false)]
    [InlineData("::1/128", true, true)]
    public void Loopback_answers_where_it_is_meant(string text, bool loopback4, bool loopback6)
    {
        var addresses = NodePortAddresses.Parse(text);
        Assert.Equal((loopback4, loopback6), (addresses.AllowLoopback4, addresses.NameLoopback6));
    }

    [Fact]
    public void Everything_that_is_wrong_is_named()
        => Assert.StartsWith(
            "'10.0.0.1', 'nowhere' is no range of addresses",
            Assert.Throws<FormatException>(() => NodePortAddresses.Parse("10.0.0.1,10.0.0.0/8,nowhere")).Message);
}
