using EbpfLb.Datapath.Devices;

namespace EbpfLb.Datapath.Tests.Devices;

public sealed class NamePatternTests
{
    [Theory]
    [InlineData("eth0", "eth0", true)]
    [InlineData("eth0", "eth01", false)]
    [InlineData("eth0", "Eth0", false)]
    [InlineData("bond+", "bond", true)]
    [InlineData("bond+", "bond12", true)]
    [InlineData("bond+", "abond", false)]
    [InlineData("enp*s0", "enp3s0", true)]
    [InlineData("enp*s0", "enp3s1", false)]
    [InlineData("*", "anything", true)]
    [InlineData("eth0.7", "eth0x7", false)]
    public void A_pattern_matches(string pattern, string name, bool matches)
        => Assert.Equal(matches, NamePattern.Parse(pattern).Matches(name));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("eth?")]
    [InlineData("sixteencharacters")]
    public void What_cannot_be_a_name_is_refused(string text) => Assert.Throws<FormatException>(() => NamePattern.Parse(text));
}
