using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.Own;
using EbpfLb.Model;
using EbpfLb.Planning;

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
    public void Sizes_that_were_asked_for_are_told_from_defaults()
    {
        Assert.Equal(Enum.GetValues<TableSize>(), KernelOptions.UnaskedOf(new SizesSection()).Order());
        Assert.Equal(
            Enum.GetValues<TableSize>().Except([TableSize.Flows]),
            KernelOptions.UnaskedOf(new SizesSection().With(TableSize.Flows, 100)).Order());
    }

    [Fact]
    public void An_instance_keeps_its_places()
    {
        var options = KernelOptions.Of(new InstanceOptions("lab", "/cg", "/bpf", "/run/x"));
        Assert.Equal(("lab", "/cg", "/bpf"), (options.Instance, options.CgroupRoot, options.BpfFs));
    }

    [Theory]
    [InlineData("SockTranslated", "sock_translated")]
    [InlineData("None", "none")]
    public void Reasons_become_labels(string name, string label) => Assert.Equal(label, SnakeCase.Of(name));
}
