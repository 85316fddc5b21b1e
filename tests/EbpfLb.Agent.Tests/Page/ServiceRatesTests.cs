using EbpfLb.Agent.Page;
using EbpfLb.Datapath.Counters;
using EbpfLb.Http.Page;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Tests.Page;

/// <summary>Rates between two readings, of counters that may begin anew.</summary>
public sealed class ServiceRatesTests : IDisposable
{
    private readonly PageUnderTest page = new();

    public ServiceRatesTests()
    {
        page.Cluster.Service("web", ["10.96.0.1"], ["http:80"]);
        page.Program();
    }

    private (double Connections, double Refused)? Web => page.Program().Rates.Find(PageUnderTest.Name("web"));

    private PageTraffic? TrafficOfWeb => page.Program().Rates.FindTraffic(PageUnderTest.Name("web"));

    public void Dispose() => page.Dispose();

    [Fact]
    public void One_reading_is_no_rate_and_the_second_is_one_a_second()
    {
        page.Count("web", 100, 10);
        page.ReadAfter(0);
        Assert.False(page.Rates.IsMeasured);
        Assert.Null(Web);
        Assert.Empty(page.Rates.History(PageUnderTest.Name("web")));

        page.Count("web", 150, 20);
        page.ReadAfter(5);
        Assert.True(page.Rates.IsMeasured);
        Assert.Equal((10, 2), Web);
    }

    /// <summary>What an agent before it counted is in the maps.</summary>
    [Fact]
    public void What_was_counted_before_the_first_table_is_no_rate()
    {
        using var early = new PageUnderTest();
        early.Cluster.Service("web", ["10.96.0.1"], ["http:80"]);
        early.ReadAfter(0);
        early.ReadAfter(1);
        Assert.False(early.Rates.IsMeasured);

        early.Program().Count("web", 1_000_000);
        early.ReadAfter(5);
        Assert.Null(early.Rates.Find(PageUnderTest.Name("web")));
        early.Count("web", 1_000_050);
        early.ReadAfter(5);
        Assert.Equal((10, 0), early.Rates.Find(PageUnderTest.Name("web")));
    }

    [Fact]
    public void The_ports_and_families_of_a_Service_are_summed()
    {
        page.Count("web", 0);
        page.Count("web", 0, id: 2, port: "other");
        page.ReadAfter(0);
        page.Count("web", 10, 10);
        page.Count("web", 20, 20, id: 2, port: "other");
        page.ReadAfter(10);
        Assert.Equal((3, 3), Web);
    }

    [Theory]
    [InlineData(1u, 30ul, "maps were made anew: counters are below those before")]
    [InlineData(9u, 1030ul, "the Service was deleted and made again: its id is another")]
    public void Counters_that_begin_anew_count_from_0_and_never_below(uint id, ulong now, string why)
    {
        page.Count("web", 1000);
        page.ReadAfter(0);
        page.Count("web", now, id: id);
        page.ReadAfter(10);
        Assert.True((now / 10.0, 0.0) == Web, why);
    }

    [Fact]
    public void A_Service_that_came_between_two_readings_counts_from_0_and_one_that_went_has_no_rate()
    {
        page.ReadAfter(0);
        page.Count("web", 50);
        page.ReadAfter(10);
        Assert.Equal((5, 0), Web);
        page.Dataplane.Counters.Clear();
        page.ReadAfter(10);
        Assert.Null(Web);
    }

    [Fact]
    public void Two_readings_at_the_same_time_are_no_rate()
    {
        page.Count("web", 1);
        page.ReadAfter(0);
        page.Count("web", 2);
        page.ReadAfter(0);
        Assert.Null(Web);
    }

    [Fact]
    public void The_last_60_rates_are_kept_oldest_first()
    {
        page.Count("web", 0);
        page.ReadAfter(0);
        var total = 0ul;
        for (var rate = 1ul; rate <= 3; rate++)
        {
            page.Count("web", total += rate);
            page.ReadAfter(1);
        }
        var history = page.Rates.History(PageUnderTest.Name("web"));
        Assert.Equal(ServiceRates.Kept, history.Count);
        Assert.Equal([1f, 2f, 3f], history.TakeLast(3));
        Assert.All(history.SkipLast(3), rate => Assert.Equal(float.NaN, rate));

        for (var rate = 4ul; rate <= 100; rate++)
        {
            page.Count("web", total += rate);
            page.ReadAfter(1);
        }
        Assert.Equal(Enumerable.Range(41, 60).Select(r => (float)r), page.Rates.History(PageUnderTest.Name("web")));
    }

    [Fact]
    public void Packets_and_bytes_of_all_ports_are_summed_by_direction_with_the_rates_before()
    {
        page.Count("web", 0, traffic: new Traffic(5, 500, 6, 6000));
        page.Count("web", 0, id: 2, port: "other", traffic: new Traffic(0, 0, 0, 0));
        page.ReadAfter(0);
        Assert.Null(TrafficOfWeb);
        page.Count("web", 0, traffic: new Traffic(15, 1500, 26, 26_000));
        page.Count("web", 0, id: 2, port: "other", traffic: new Traffic(10, 1000, 20, 20_000));
        page.ReadAfter(10);
        Assert.Equal((2, 200), (TrafficOfWeb!.In.Packets, TrafficOfWeb.In.Bytes));
        Assert.Equal((4, 4000), (TrafficOfWeb.Out.Packets, TrafficOfWeb.Out.Bytes));
        Assert.Equal(6000 - 1800, page.Rates.BytesOf(PageUnderTest.Name("web")));
        page.ReadAfter(10);
        Assert.Equal([float.NaN, 200, 0], TrafficOfWeb.In.BytesBefore.TakeLast(3));
        Assert.Equal([float.NaN, 4000, 0], TrafficOfWeb.Out.BytesBefore.TakeLast(3));
    }

    [Fact]
    public void Packets_and_bytes_are_not_known_while_they_are_not_counted_of_each_port()
    {
        page.Count("web", 0);
        page.ReadAfter(0);
        page.ReadAfter(10);
        Assert.Null(TrafficOfWeb);
        page.Count("web", 0, traffic: new Traffic(1, 100, 1, 100));
        page.Count("web", 0, id: 2, port: "other");
        page.ReadAfter(10);
        Assert.Null(TrafficOfWeb);
        page.Count("web", 0, id: 2, port: "other", traffic: new Traffic(1, 100, 1, 100));
        page.ReadAfter(10);
        Assert.Equal(10, TrafficOfWeb!.In.Bytes);
    }

    [Theory]
    [InlineData(1u, 300ul, "maps were made anew: counters are below those before")]
    [InlineData(9u, 10_300ul, "the Service was deleted and made again: its id is another")]
    public void Counts_of_packets_that_begin_anew_count_from_0_and_never_below(uint id, ulong now, string why)
    {
        page.Count("web", 0, traffic: new Traffic(1000, 10_000, 1000, 10_000));
        page.ReadAfter(0);
        page.Count("web", 0, id: id, traffic: new Traffic(now, now, now, now));
        page.ReadAfter(10);
        Assert.True(now / 10.0 == TrafficOfWeb!.Out.Packets && (id == 1 ? 30 : 1030) == TrafficOfWeb.In.Bytes, why);
    }

    [Fact]
    public void What_nobody_looks_at_any_more_is_forgotten()
    {
        page.Count("web", 0);
        page.ReadAfter(0);
        page.ReadAfter(1);
        page.Rates.Forget();
        Assert.False(page.Rates.IsMeasured);
        Assert.Null(Web);
        page.Count("web", 1000);
        page.ReadAfter(1000);
        Assert.Null(Web);
    }
}
