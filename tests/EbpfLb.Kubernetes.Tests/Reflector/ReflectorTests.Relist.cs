using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Reflector;

namespace EbpfLb.Kubernetes.Tests.Reflector;

public sealed partial class ReflectorTests
{
    [Fact]
    public async Task A_list_that_is_asked_for_while_no_watch_is_open_comes_as_soon_as_the_server_may_be_asked()
    {
        api.List("10").Watch(ApiFailure.Busy).List("20").Watch(null, Bookmark("21"));

        await RunAsync(onWait: reflector => reflector.Relist());

        Assert.Equal(["list", "watch 10", "list", "watch 20"], api.Calls);
    }

    [Fact]
    public async Task A_list_that_is_asked_for_while_one_is_tried_is_read_once()
    {
        api.Fail(ApiFailure.Unreachable).List("10").Watch(null, Bookmark("11"));

        await RunAsync(onWait: reflector => reflector.Relist());

        Assert.Equal(["list", "list", "watch 10"], api.Calls);
    }
}
