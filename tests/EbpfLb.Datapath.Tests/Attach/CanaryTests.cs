using EbpfLb.Datapath.Attach;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Tests.Attach;

[Collection(typeof(OwnCgroup))]
public sealed class CanaryTests
{
    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public async Task Says_yes_when_this_process_is_served(IpFamily family)
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Apply(TestInstance.Table());
        dataplane.Attach();
        instance.Join();

        var result = dataplane.CheckCanary(family);

        Assert.True(result.Ok, result.Problem);
    }

    [Fact]
    public async Task Says_where_the_hooks_are_when_this_process_is_not_below_them()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Apply(TestInstance.Table());
        dataplane.Attach();

        var result = dataplane.CheckCanary(IpFamily.IPv4);

        Assert.False(result.Ok);
        Assert.Contains(instance.Cgroup.Path, result.Problem);
        Assert.Contains("--cgroup-root", result.Problem);
    }

    [Fact]
    public async Task Says_no_when_a_link_was_taken_away_and_yes_when_it_was_put_back()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Apply(TestInstance.Table());
        dataplane.Attach();
        instance.Join();
        Instances.Remove(instance.Options);
        Assert.False(dataplane.CheckCanary(IpFamily.IPv4).Ok);

        dataplane.Attach();

        Assert.True(dataplane.CheckCanary(IpFamily.IPv4).Ok);
        Assert.Equal(SocketHook.All.Count, Instances.Hooks(instance.Options).Count);
    }
}
