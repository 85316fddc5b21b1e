using EbpfLb.Datapath.Canary;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Datapath.Tests.Canary;

public sealed class LoopbackFamiliesTests
{
    [Theory]
    [InlineData("00000000000000000000000000000001 01 80 10 80       lo\n", 2)]
    [InlineData("fe800000000000000000000000000001 02 40 20 80     eth0\n", 1)]
    [InlineData("", 1)]
    public void The_canary_uses_the_families_that_have_a_loopback_address(string addresses, int families)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, addresses);
            Assert.Equal(families, LoopbackFamilies.Usable(file).Count);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Contract("2", "a family without kernel support: its entries meet no packet, the other serves")]
    [Fact]
    public void Without_IPv6_in_the_kernel_the_canary_uses_IPv4()
        => Assert.Equal([IpFamily.IPv4], LoopbackFamilies.Usable("/nonexistent/if_inet6"));
}
