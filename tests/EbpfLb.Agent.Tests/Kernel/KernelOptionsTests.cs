using EbpfLb.Configuration.Own;
using EbpfLb.Planning;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Kernel;

public sealed class KernelOptionsTests
{
    private static readonly MapSizes Defaults = new(Frontends: 1, Services: 2, Backends: 3, Slots: 4, Affinity: 5, UdpPeers: 6);

    [Fact]
    public void Sizes_that_were_not_asked_for_are_those_of_the_machine()
    {
        Assert.Equal(Defaults, KernelOptions.SizesOf(new SizesSection(), Defaults));
        Assert.Equal(Defaults with { Backends = 30 }, KernelOptions.SizesOf(new SizesSection().With(TableSize.Backends, 30), Defaults));
        Assert.Equal(
            new MapSizes(Frontends: 20, Services: 10, Backends: 30, Slots: 40, Affinity: 50, UdpPeers: 6),
            KernelOptions.SizesOf(new SizesSection().With(TableSize.Services, 10).With(TableSize.Frontends, 20).With(TableSize.Backends, 30)
                .With(TableSize.Slots, 40).With(TableSize.Affinity, 50), Defaults));
    }

    [Fact]
    public void An_instance_keeps_its_places()
    {
        var options = KernelOptions.Of(new InstanceOptions("lab", "/cg", "/bpf", "/run/x"));
        Assert.Equal(("lab", "/cg", "/bpf"), (options.Instance, options.CgroupRoot, options.BpfFs));
    }

    [Theory]
    [InlineData("00000000000000000000000000000001 01 80 10 80       lo\n", 2)]
    [InlineData("fe800000000000000000000000000001 02 40 20 80     eth0\n", 1)]
    [InlineData("", 1)]
    public void The_canary_uses_the_families_that_have_a_loopback_address(string addresses, int families)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("if_inet6"), addresses);
        Assert.Equal(families, LoopbackFamilies.Usable(directory.File("if_inet6")).Count);
    }

    [Contract("2", "a family without kernel support: its entries meet no packet, the other serves")]
    [Fact]
    public void Without_IPv6_in_the_kernel_the_canary_uses_IPv4()
        => Assert.Equal([IpFamily.IPv4], LoopbackFamilies.Usable("/nonexistent/if_inet6"));

    [Theory]
    [InlineData("SockTranslated", "sock_translated")]
    [InlineData("None", "none")]
    public void Reasons_become_labels(string name, string label) => Assert.Equal(label, SnakeCase.Of(name));
}
