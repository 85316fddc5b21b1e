using System.Net;
using EbpfLb.Testing;

namespace EbpfLb.Model.Tests;

public sealed class IpAddressTests
{
    [Contract("1", "IP text: leading zeros are decimal, no short forms; blanks around ranges do not count")]
    [Theory]
    [InlineData("10.96.0.1", "10.96.0.1")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    [InlineData("172.30.0.041", "172.30.0.41")]
    [InlineData("010.000.0.0000001", "10.0.0.1")]
    [InlineData("fd00:10:96::1", "fd00:10:96::1")]
    [InlineData("FD00:0010:0096:0:0:0:0:1", "fd00:10:96::1")]
    [InlineData("64:ff9b::198.51.100.007", "64:ff9b::c633:6407")]
    [InlineData("64:ff9b::198.51.100.010", "64:ff9b::c633:640a")]
    [InlineData("::ffff:010.0.0.001", "10.0.0.1")]
    [InlineData("::", "::")]
    [InlineData("::1", "::1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("::ffff:a00:1", "10.0.0.1")]
    [InlineData("64:ff9b::10.0.0.1", "64:ff9b::a00:1")]
    public void An_address_is_read_as_Kubernetes_reads_it(string text, string printed)
    {
        Assert.True(IpAddress.TryParse(text, out var address));
        Assert.Equal(printed, address.ToString());
        Assert.Equal(address, IpAddress.Parse(printed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3.99999999999999999999")]
    [InlineData("1.2.3.-4")]
    [InlineData("1.2.3.+4")]
    [InlineData("1.2.3.0x4")]
    [InlineData("1.2.3.4 ")]
    [InlineData(" 1.2.3.4")]
    [InlineData("1..3.4")]
    [InlineData("1.2.3.")]
    [InlineData(".1.2.3")]
    [InlineData("1.2.3.٤")]
    [InlineData("0x7f000001")]
    [InlineData("2130706433")]
    [InlineData("None")]
    [InlineData(":")]
    [InlineData(":::")]
    [InlineData("fe80::1%eth0")]
    [InlineData("fe80::1%1")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("10.0.0.1:80")]
    [InlineData("fd00::/64")]
    [InlineData("fd00::12345")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4:5:6:7")]
    public void Text_that_is_no_address_is_refused(string text)
    {
        Assert.False(IpAddress.TryParse(text, out var address));
        Assert.Equal(default, address);
        Assert.Throws<FormatException>(() => IpAddress.Parse(text));
    }

    [Theory]
    [InlineData("10.0.0.1", IpFamily.IPv4)]
    [InlineData("::ffff:10.0.0.1", IpFamily.IPv4)]
    [InlineData("0.0.0.0", IpFamily.IPv4)]
    [InlineData("::", IpFamily.IPv6)]
    [InlineData("::10.0.0.1", IpFamily.IPv6)]
    [InlineData("::fffe:10.0.0.1", IpFamily.IPv6)]
    [InlineData("1::ffff:10.0.0.1", IpFamily.IPv6)]
    public void The_family_follows_the_form_and_mapped_addresses_are_IPv4(string text, IpFamily family)
        => Assert.Equal(family, IpAddress.Parse(text).Family);

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.255.255.255", true)]
    [InlineData("128.0.0.1", false)]
    [InlineData("::1", true)]
    [InlineData("::2", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("::ffff:127.0.0.1", true)]
    public void Loopback_is_known_in_both_families(string text, bool expected)
        => Assert.Equal(expected, IpAddress.Parse(text).IsLoopback);

    [Theory]
    [InlineData("0.0.0.0", true)]
    [InlineData("::", true)]
    [InlineData("0.0.0.1", false)]
    [InlineData("::1", false)]
    public void Unspecified_is_known_in_both_families(string text, bool expected)
        => Assert.Equal(expected, IpAddress.Parse(text).IsUnspecified);

    [Fact]
    public void IPv4_has_its_mapped_form_in_bytes()
    {
        var bytes = new byte[16];
        IpAddress.Parse("10.1.2.3").WriteBytes(bytes);
        Assert.Equal<byte>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3], bytes);
        Assert.Equal(0x0a010203u, IpAddress.Parse("10.1.2.3").ToIPv4());
    }

    [Fact]
    public void Bytes_of_another_length_are_refused()
    {
        foreach (var length in new[] { 0, 3, 5, 15, 17 })
            Assert.Throws<ArgumentException>(() => IpAddress.FromBytes(new byte[length]));
    }

    [Fact]
    public void Any_address_survives_bytes_text_and_IPAddress()
    {
        var random = new Random(20240917);
        var bytes = new byte[16];
        for (var i = 0; i < 5_000; i++)
        {
            random.NextBytes(bytes);
            // Runs of zeros make the shortened forms of IPv6 text; every fifth address is IPv4.
            for (var j = random.Next(16); j < random.Next(17); j++) bytes[j] = 0;
            var address = i % 5 == 0 ? IpAddress.FromBytes(bytes.AsSpan(12)) : IpAddress.FromBytes(bytes);

            var written = new byte[16];
            address.WriteBytes(written);
            Assert.Equal(address, IpAddress.FromBytes(written));
            Assert.Equal(address, IpAddress.Parse(address.ToString()));
            Assert.Equal(address, IpAddress.From(address.ToIPAddress()));
            Assert.Equal(address, IpAddress.From(IPAddress.Parse(address.ToString())));
        }
    }

    [Fact]
    public void The_order_is_that_of_the_bytes()
    {
        string[] ordered = [
            "::", "::1", "0.0.0.0", "9.255.255.255", "10.0.0.0", "255.255.255.255", "::1:0:0:0", "fd00::1", "fd00::2", "fd01::"];
        var addresses = ordered.Select(IpAddress.Parse).ToArray();
        Assert.Equal(addresses, addresses.Reverse().Order());
        Assert.Equal(0, addresses[3].CompareTo(IpAddress.Parse("9.255.255.255")));
    }
}
