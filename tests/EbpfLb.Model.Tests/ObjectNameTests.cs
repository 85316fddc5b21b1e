using EbpfLb.Testing;

namespace EbpfLb.Model.Tests;

public sealed class ObjectNameTests
{
    [Fact]
    public void Names_are_ordered_by_namespace_then_name_by_code_point()
    {
        ObjectName[] ordered = [new("", "node-1"), new("a", "z"), new("a-b", "a"), new("b", "A"), new("b", "a"), new("b", "a-1")];
        Assert.Equal(ordered, ordered.Reverse().Order());
    }

    [Fact]
    public void A_cluster_scoped_name_prints_without_a_slash()
    {
        Assert.Equal("node-1", new ObjectName("", "node-1").ToString());
        Assert.Equal("default/web", new ObjectName("default", "web").ToString());
    }

    [Contract("3", "owner: by label and namespace; without the label ignored with a warning; may come before its Service")]
    [Fact]
    public void A_slice_belongs_to_the_service_of_its_own_namespace()
    {
        var slice = new EndpointSlice(new ObjectName("prod", "web-x1"), "web", IpFamily.IPv6, [], []);
        Assert.Equal(new ObjectName("prod", "web"), slice.Owner);
    }
}
