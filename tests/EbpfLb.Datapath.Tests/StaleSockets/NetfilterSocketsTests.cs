using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Netlink;

namespace EbpfLb.Datapath.Tests.StaleSockets;

public sealed class NetfilterSocketsTests
{
    [Fact]
    public void Where_netfilter_cannot_be_asked_every_socket_may_be_one_that_it_translates()
    {
        using var unknown = NetfilterSockets.Of(() => throw new NetlinkException(NetlinkErrno.EPERM, "read connections"));
        using var none = NetfilterSockets.Of(() => []);

        Assert.True(unknown.Translates(default));
        Assert.False(none.Translates(default));
    }
}
