using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class EntryTests
{
    public static TheoryData<string, string?> Flows => new()
    {
        { "192.0.2.1:40000 10.96.0.1:80 10.244.0.5:8080", null },
        { "192.0.2.1:40000 10.96.0.1:80 10.244.0.5:8080", "10.0.0.1:61000" },
        { "[2001:db8::1]:40000 [fd00:96::1]:80 [fd00:244::5]:8080", null },
        { "[2001:db8::1]:40000 [fd00:96::1]:80 [fd00:244::5]:8080", "[fd00::1]:61000" },
    };

    [Theory]
    [MemberData(nameof(Flows))]
    public void Each_entry_follows_from_the_other(string addresses, string? snat)
    {
        var flow = Make(addresses, snat);
        Assert.Equal(flow.Reply.Key, flow.Request.SiblingKey);
        Assert.Equal(flow.Request.Key, flow.Reply.SiblingKey);
        Assert.Equal(flow.Reply, flow.Request.ToSibling(oif: 2));
        Assert.Equal(flow.Request, flow.Reply.ToSibling(flow.Request.State.Oif));
        Assert.True(flow.Request.IsSiblingOf(flow.Reply));
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public void A_flow_reads_the_same_from_either_entry(string addresses, string? snat)
    {
        var test = Make(addresses, snat);
        var whole = Flow.Of(test.Family, test.Request, test.Reply);
        Assert.Equal(whole, Flow.Of(test.Family, test.Reply, test.Request));
        Assert.Equal(addresses, $"{whole.Client} {whole.Frontend} {whole.Backend}");
        Assert.Equal(snat, whole.Snat?.ToString());
        Assert.Equal((test.Request.Key, test.Reply.Key), (whole.RequestKey, whole.ReplyKey));
        Assert.Equal((test.Request.State.Oif, 2u), (whole.RequestDevice, whole.ReplyDevice));

        var half = Flow.Of(test.Family, test.Reply, null);
        Assert.Equal(whole with { IsWhole = false, RequestDevice = 0 }, half);
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public void An_entry_goes_through_the_kernel_unchanged(string addresses, string? snat)
    {
        var flow = Make(addresses, snat);
        var map = TestFlowMaps.InKernel(flow.Family, 16);
        using var disposable = (IDisposable)map;
        flow.AddTo(map);
        Assert.False(map.TryAdd(flow.Request));
        Assert.True(map.TryLookup(flow.Request.Key, out var request));
        Assert.Equal(flow.Request, request);
        Assert.Equal([flow.Reply, flow.Request], map.ReadBatches(1).SelectMany(b => b.ToArray()).OrderByDescending(e => e.IsReply));
        Assert.True(map.Delete(flow.Reply.Key));
        Assert.False(map.Delete(flow.Reply.Key));
    }

    [Fact]
    public void The_later_of_both_entries_tells_how_long_a_flow_is_idle()
    {
        var old = new TestFlow { Tick = 5 };
        var fresh = old with { Tick = 9 };
        Assert.Equal(9u, Flow.Of(IpFamily.IPv4, old.Request, fresh.Reply).LastTick);
        Assert.Equal(9u, Flow.Of(IpFamily.IPv4, fresh.Request, old.Reply).LastTick);
    }

    [Fact]
    public void A_foreign_entry_under_the_key_is_no_sibling()
    {
        var mine = new TestFlow();
        var other = mine with { Frontend = "10.96.0.2:80" };
        Assert.Equal(mine.Reply.Key, other.Reply.Key);
        Assert.False(mine.Request.IsSiblingOf(other.Reply));
    }

    private static TestFlow Make(string addresses, string? snat)
    {
        var parts = addresses.Split(' ');
        return new TestFlow
        {
            Client = parts[0], Frontend = parts[1], Backend = parts[2], Snat = snat, Tick = 3, Phase = LbCtPhase.Closing,
        };
    }
}
