using System.Collections;

namespace EbpfLb.Model.Tests;

public sealed class ValueListTests
{
    [Fact]
    public void Lists_with_the_same_content_are_equal_and_hash_alike()
    {
        ValueList<string> a = ["x", "y"];
        var b = new List<string> { "x", "y" }.ToValueList();
        Assert.True(a == b);
        Assert.True(a.Equals((object)b));
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
    }

    [Fact]
    public void Order_length_and_content_tell_lists_apart()
    {
        ValueList<int> list = [1, 2, 3];
        ValueList<int>[] others = [[1, 3, 2], [1, 2], [1, 2, 3, 3], [1, 2, 4], []];
        foreach (var other in others) Assert.True(list != other);
        Assert.False(list.Equals(new object()));
    }

    [Fact]
    public void Default_and_empty_are_the_same_list()
    {
        ValueList<int> none = default;
        ValueList<int> empty = [];
        Assert.Equal(none, empty);
        Assert.Equal(none.GetHashCode(), empty.GetHashCode());
        Assert.True(none.IsEmpty);
        Assert.Equal(0, none.AsSpan().Length);
        Assert.Empty((IEnumerable<int>)none);
        Assert.Equal("[]", none.ToString());
    }

    [Fact]
    public void The_content_can_be_walked_indexed_and_printed()
    {
        ValueList<int> list = [4, 5];
        var sum = 0;
        foreach (var item in list) sum += item;
        Assert.Equal(9, sum);
        Assert.Equal(5, list[1]);
        Assert.Equal([4, 5], list.AsEnumerable());
        var untyped = ((IEnumerable)list).GetEnumerator();
        Assert.True(untyped.MoveNext());
        Assert.Equal(4, untyped.Current);
        Assert.Equal("[4, 5]", list.ToString());
    }

    [Fact]
    public void A_list_does_not_follow_the_array_it_was_made_from()
    {
        var source = new[] { 1, 2 };
        var list = source.ToValueList();
        source[0] = 9;
        Assert.Equal(1, list[0]);
    }

    [Fact]
    public void Records_that_hold_lists_compare_by_content()
    {
        Assert.Equal(Slice("10.0.0.1"), Slice("10.0.0.1"));
        Assert.NotEqual(Slice("10.0.0.1"), Slice("10.0.0.2"));
        Assert.Equal(Slice("10.0.0.1").GetHashCode(), Slice("10.0.0.1").GetHashCode());

        static EndpointSlice Slice(string address) => new(
            new ObjectName("default", "web-1"),
            "web",
            IpFamily.IPv4,
            [new EndpointPort("http", TransportProtocol.Tcp, 8080)],
            [new Endpoint(IpAddress.Parse(address), EndpointConditions.Default, "node-a", new EndpointHints(["zone-a"], []))]);
    }
}
