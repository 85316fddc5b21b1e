using EbpfLb.Testing;

namespace EbpfLb.Model.Tests;

public sealed class SourceRangeTests
{
    [Contract("1", "IP text: leading zeros are decimal, no short forms; blanks around ranges do not count")]
    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("10.1.2.3/0", "0.0.0.0/0")]
    [InlineData("10.1.2.3/32", "10.1.2.3/32")]
    [InlineData("203.0.113.000/025", "203.0.113.0/25")]
    [InlineData(" 192.0.2.128/26\t", "192.0.2.128/26")]
    [InlineData("fd00:1:2:3:4::/64", "fd00:1:2:3::/64")]
    [InlineData("fd00:1:2:3:4::/65", "fd00:1:2:3::/65")]
    [InlineData("fd00::ffff/127", "fd00::fffe/127")]
    [InlineData("fd00::1/128", "fd00::1/128")]
    [InlineData("fd00::1/0", "::/0")]
    [InlineData("fd00::1/12", "fd00::/12")]
    [InlineData("::ffff:10.0.0.1/104", "10.0.0.0/8")]
    [InlineData("::ffff:10.0.0.1/128", "10.0.0.1/32")]
    [InlineData("::ffff:10.0.0.1/96", "0.0.0.0/0")]
    [InlineData("::ffff:10.0.0.1/24", "::/24")]
    public void A_range_is_read_as_Kubernetes_reads_it(string text, string printed)
    {
        Assert.True(SourceRange.TryParse(text, out var range));
        Assert.Equal(printed, range.ToString());
        Assert.Equal(range, SourceRange.Parse(printed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.0/")]
    [InlineData("/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/+8")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("10.0.0.0 /8")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("10.0.0.0/255.0.0.0")]
    [InlineData("10.0.0.0/4294967304")]
    [InlineData("fd00::/129")]
    [InlineData("::ffff:10.0.0.0/129")]
    [InlineData("all")]
    public void Text_that_is_no_range_is_refused(string text)
    {
        Assert.False(SourceRange.TryParse(text, out _));
        Assert.Throws<FormatException>(() => SourceRange.Parse(text));
    }

    [Theory]
    [InlineData("192.0.2.0/25", "192.0.2.0", true)]
    [InlineData("192.0.2.0/25", "192.0.2.127", true)]
    [InlineData("192.0.2.0/25", "192.0.2.128", false)]
    [InlineData("192.0.2.0/25", "192.0.1.255", false)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "10.0.0.1", false)]
    [InlineData("2001:db8::/33", "2001:db8:7fff::1", true)]
    [InlineData("2001:db8::/33", "2001:db8:8000::1", false)]
    [InlineData("2001:db8::8/125", "2001:db8::f", true)]
    [InlineData("2001:db8::8/125", "2001:db8::10", false)]
    public void A_range_holds_the_addresses_that_share_its_first_bits(string range, string address, bool holds)
        => Assert.Equal(holds, SourceRange.Parse(range).Contains(IpAddress.Parse(address)));

    [Fact]
    public void Equal_ranges_are_equal_however_they_were_written()
        => Assert.Equal(SourceRange.Parse("10.0.0.0/8"), new SourceRange(IpAddress.Parse("10.255.255.255"), 8));

    [Fact]
    public void One_address_is_a_range()
        => Assert.Equal(
            ["10.0.0.1/32", "fd00::1/128"], new[] { "10.0.0.1", "fd00::1" }.Select(a => SourceRange.Only(IpAddress.Parse(a)).ToString()));

    [Fact]
    public void A_range_cannot_be_longer_than_its_address()
        => Assert.Throws<ArgumentOutOfRangeException>(() => new SourceRange(IpAddress.Parse("10.0.0.1"), 33));

    [Fact]
    public void Ranges_are_ordered_by_address_and_then_by_length()
    {
        string[] ordered = ["10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16"];

        Assert.Equal(ordered, ordered.Reverse().Select(SourceRange.Parse).Order().Select(r => r.ToString()));
    }
}
