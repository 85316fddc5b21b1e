using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Netlink.Tests;

/// <summary>A refusal carries the number, what was tried and the kernel's own words.</summary>
public sealed class NetlinkExceptionTests : IDisposable
{
    private readonly TestNamespace netns = new();

    public void Dispose() => netns.Dispose();

    [Fact]
    public void The_kernels_explanation_is_in_the_message()
    {
        using var clsact = netns.Open(ClsactClient.Open);
        clsact.Add(1);

        var error = Assert.Throws<NetlinkException>(() => clsact.Add(1));

        Assert.Equal(NetlinkErrno.EEXIST, error.Errno);
        Assert.Contains("add clsact to device 1: EEXIST (17, File exists): Exclusivity flag on", error.Message);
        Assert.NotNull(error.Explanation);
    }

    [Fact]
    public void A_device_that_is_not_there_is_said()
    {
        using var clsact = netns.Open(ClsactClient.Open);

        Assert.Equal(NetlinkErrno.ENODEV, Assert.Throws<NetlinkException>(() => clsact.Add(4711)).Errno);
    }
}
