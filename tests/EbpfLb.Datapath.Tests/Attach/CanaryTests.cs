using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Canary;
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
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
        instance.Join();

        var result = CanaryProbe.Check(family, instance.Options.CgroupRoot!);

        Assert.True(result.Ok, result.Problem);
    }

    [Fact]
    public async Task Says_where_the_hooks_are_when_this_process_is_not_below_them()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();

        var result = CanaryProbe.Check(IpFamily.IPv4, instance.Options.CgroupRoot!);

        Assert.False(result.Ok);
        Assert.Contains(instance.Cgroup.Path, result.Problem);
        Assert.Contains("--cgroup-root", result.Problem);
    }

    [Fact]
    public async Task Says_no_when_a_link_was_taken_away_and_yes_when_it_was_put_back()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
        instance.Join();
        Instances.Remove(instance.Options);
        Assert.False(CanaryProbe.Check(IpFamily.IPv4, instance.Options.CgroupRoot!).Ok);

        dataplane.Hooks.Attach();

        Assert.True(CanaryProbe.Check(IpFamily.IPv4, instance.Options.CgroupRoot!).Ok);
        Assert.Equal(SocketHook.All.Count, Instances.Hooks(instance.Options).Count);
    }
}
