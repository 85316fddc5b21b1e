using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Tests.Encoding;

public sealed class FrontendKeyTests
{
    private static Frontend Frontend(string address, ushort port, TransportProtocol protocol)
        => new(IpAddress.Parse(address), port, protocol);

    [Fact]
    public void An_ipv4_key_is_address_and_port_in_network_order()
    {
        var key = FrontendKey.From(Frontend("10.96.0.1", 443, TransportProtocol.Tcp)).ToFe4();

        Assert.Equal([10, 96, 0, 1, 1, 187, 6, 0], AbiBytes.Of(key).ToArray());
    }

    [Fact]
    public void An_ipv6_key_is_address_and_port_in_network_order()
    {
        var key = FrontendKey.From(Frontend("fd00::1:2", 53, TransportProtocol.Udp)).ToFe6();

        Assert.Equal([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 53, 17, 0], AbiBytes.Of(key).ToArray());
    }

    [Theory]
    [InlineData("10.96.0.1", 80, TransportProtocol.Tcp)]
    [InlineData("255.255.255.255", 65535, TransportProtocol.Sctp)]
    [InlineData("fd00::1", 53, TransportProtocol.Udp)]
    public void A_key_leads_back_to_its_frontend(string address, ushort port, TransportProtocol protocol)
    {
        var frontend = Frontend(address, port, protocol);
        var key = FrontendKey.From(frontend);
        var copy = key.Table == IpFamily.IPv4 ? FrontendKey.From(key.ToFe4()) : FrontendKey.From(key.ToFe6());

        Assert.Equal(key, copy);
        Assert.True(copy.TryGetFrontend(out var back));
        Assert.Equal(frontend, back);
    }

    [Fact]
    public void Keys_are_ordered_by_family_address_and_port()
    {
        FrontendKey[] keys =
        [
            FrontendKey.From(Frontend("9.0.0.1", 443, TransportProtocol.Tcp)),
            FrontendKey.From(Frontend("10.0.0.1", 53, TransportProtocol.Tcp)),
            FrontendKey.From(Frontend("10.0.0.1", 53, TransportProtocol.Udp)),
            FrontendKey.From(Frontend("::1", 80, TransportProtocol.Tcp)),
        ];

        Assert.Equal(keys, keys.Reverse().Order());
    }
}
