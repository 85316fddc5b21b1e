using System.Net;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Netlink.Tests.Network;

public sealed class AddressTests
{
    [Theory]
    [InlineData("192.0.2.1", 24, null, "192.0.2.254", true)]
    [InlineData("192.0.2.1", 25, null, "192.0.2.254", false)]
    [InlineData("192.0.2.1", 32, null, "192.0.2.1", true)]
    [InlineData("192.0.2.1", 0, null, "203.0.113.9", true)]
    [InlineData("10.9.0.1", 30, "10.9.0.9", "10.9.0.10", true)]
    [InlineData("10.9.0.1", 30, "10.9.0.9", "10.9.0.2", false)]
    [InlineData("2001:db8:0:1::1", 64, null, "2001:db8:0:1::fe", true)]
    [InlineData("2001:db8:0:1::1", 64, null, "2001:db8:0:2::fe", false)]
    [InlineData("192.0.2.1", 24, null, "2001:db8::1", false)]
    public void The_subnet_follows_from_prefix_and_peer(string local, int length, string? peer, string other, bool inside)
        => Assert.Equal(inside, new Address(
            1, IPAddress.Parse(local), length, AddressScope.Global, AddressFlags.None,
            peer is null ? null : IPAddress.Parse(peer)).SpansSubnetOf(IPAddress.Parse(other)));
}
