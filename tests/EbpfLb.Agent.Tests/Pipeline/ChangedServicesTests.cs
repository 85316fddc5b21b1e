using EbpfLb.Agent.Pipeline;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.Pipeline;

public sealed class ChangedServicesTests
{
    private static readonly PolicyOptions Options = new() { NodeName = ClusterChanges.NodeName };
    private readonly ClusterBuilder cluster = new ClusterBuilder().Service("a", ["10.96.0.1"], ["http:80"])
        .Service("c", ["10.96.0.3"], ["http:80"]).Service("d", ["10.96.0.4"], ["http:80"]);

    [Fact]
    public void What_is_new_gone_or_other_is_named_and_what_stayed_is_not()
    {
        var before = ForwardingCompiler.Compile(cluster.Build(), Options, null);
        cluster.Service("b", ["10.96.0.2"], ["http:80"]).RemoveService("c").Slice("d-1", "d", ["http:8080"], ["10.1.0.1"]);
        var after = ForwardingCompiler.Compile(cluster.Build(), Options, before);

        Assert.Equal("+default/b, -default/c, default/d", ChangedServices.Text(before.Services, after.Services));
        Assert.Equal("", ChangedServices.Text(after.Services, after.Services));
    }

    [Fact]
    public void Of_many_the_first_are_named()
    {
        var before = ForwardingCompiler.Compile(cluster.Build(), Options, null);
        for (var i = 0; i < 30; i++) cluster.Service($"x{i:00}", [$"10.97.0.{i + 1}"], ["http:80"]);
        var after = ForwardingCompiler.Compile(cluster.Build(), Options, before);

        Assert.EndsWith("+default/x19 and 10 more", ChangedServices.Text(before.Services, after.Services));
    }
}
