using EbpfLb.Datapath.Attach;

namespace EbpfLb.Datapath.Tests.Attach;

public sealed class OtherXdpTests
{
    /// <summary>ip needs the mode, and libxdp's dispatcher goes by libxdp.</summary>
    [Theory]
    [InlineData("filter", "driver", "filter (id 7, driver)", "ip link set dev eth0 xdpdrv off")]
    [InlineData("filter", "generic", "filter (id 7, generic)", "ip link set dev eth0 xdpgeneric off")]
    [InlineData("filter", "hardware", "filter (id 7, hardware)", "ip link set dev eth0 xdpoffload off")]
    [InlineData(null, "driver", "ended (id 7, driver)", "ip link set dev eth0 xdpdrv off")]
    [InlineData("xdp_dispatcher", "generic",
        "xdp_dispatcher (id 7, generic; `xdp-loader status eth0` lists those that it calls)", "xdp-loader unload eth0 --all")]
    public void It_is_named_with_the_command_that_takes_it_away(string? name, string mode, string text, string removal)
    {
        var other = new OtherXdp("eth0", 7, name, mode);

        Assert.Equal((text, removal), ($"{other}", other.Removal));
    }
}
