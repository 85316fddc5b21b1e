using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Counters;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Kernel;

/// <summary>Counters of service ports in the metrics: off by default, and never more series than were asked for.</summary>
public sealed class ServiceSeriesTests : IAsyncDisposable
{
    private readonly ManualTimeProvider time = new(DateTimeOffset.UnixEpoch);
    private readonly FakeDataplane dataplane = new();
    private readonly PipelineState state;
    private readonly ServiceSeries series;
    private int limit = 2;

    public ServiceSeriesTests()
    {
        state = new PipelineState(
            () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(time, TimeSpan.FromSeconds(30)), false);
        series = new ServiceSeries(dataplane, state, () => limit, time);
    }

    public ValueTask DisposeAsync() => dataplane.DisposeAsync();

    [Fact]
    public void Without_the_option_nothing_is_read()
    {
        Serve(("a", 1, 5));
        limit = 0;
        Assert.Null(Look());
    }

    [Fact]
    public void The_first_to_come_keep_their_series_and_the_others_are_summed()
    {
        Serve(("m", 1, 5), ("n", 2, 7));
        Assert.Equal("m=5 n=7", Say(Look()));
        Serve(("a", 3, 2), ("m", 1, 6), ("n", 2, 7), ("z", 4, 1));
        Assert.Equal("m=6 n=7 _others=3 of 2", Say(Look()));
        Serve(("a", 3, 4), ("m", 1, 6), ("n", 2, 7), ("z", 4, 1));
        Assert.Equal("m=6 n=7 _others=5 of 2", Say(Look()));
    }

    [Fact]
    public void A_free_place_is_taken_and_the_sum_never_goes_back()
    {
        Serve(("a", 1, 5), ("b", 2, 7), ("c", 3, 9));
        Assert.Equal("a=5 b=7 _others=9 of 1", Say(Look()));
        Serve(("b", 2, 7), ("c", 3, 10));
        Assert.Equal("b=7 c=10 _others=9 of 0", Say(Look()));
    }

    [Fact]
    public void A_port_beyond_the_limit_that_is_made_anew_counts_from_its_new_beginning()
    {
        Serve(("a", 1, 0), ("b", 2, 0), ("c", 3, 9));
        Look();
        Serve(("a", 1, 0), ("b", 2, 0), ("c", 8, 10));
        Assert.Equal("a=0 b=0 _others=19 of 1", Say(Look()));
    }

    [Fact]
    public void Packets_and_bytes_are_summed_beyond_the_limit_and_never_go_back()
    {
        Serve(("a", 1, 0), ("b", 2, 0), ("c", 3, 0), ("d", 4, 0));
        Assert.All([.. Look()!.Own, series.Read()!.Others!], r => Assert.Null(r.Traffic));
        Count(100);
        var all = Look()!;
        Assert.All(all.Own, r => Assert.Equal(new TrafficReading(100, 200, 300, 400), r.Traffic));
        Assert.Equal(new TrafficReading(200, 400, 600, 800), all.Others!.Traffic);

        Serve(("a", 1, 0), ("b", 2, 0), ("c", 3, 0));
        Count(110);
        Assert.Equal(new TrafficReading(210, 420, 630, 840), Look()!.Others!.Traffic);
        // The agent was started again without the option, and then with it.
        Serve(("a", 1, 0), ("b", 2, 0), ("c", 3, 0));
        Assert.Equal(new TrafficReading(210, 420, 630, 840), Look()!.Others!.Traffic);
        Count(1);
        Assert.Equal(new TrafficReading(211, 422, 633, 844), Look()!.Others!.Traffic);
    }

    [Fact]
    public void All_metrics_of_a_scrape_come_of_one_look()
    {
        Serve(("a", 1, 5));
        Look();
        Serve(("a", 1, 6));
        Assert.Equal("a=5", Say(series.Read()));
        Assert.Equal("a=6", Say(Look()));
    }

    private void Serve(params (string Name, uint Id, ulong Connections)[] services)
    {
        var cluster = new ClusterBuilder();
        dataplane.Counters.Clear();
        foreach (var (name, id, connections) in services)
        {
            cluster.Service(name, [$"10.96.0.{id}"], ["http:80"]);
            dataplane.Counters[new ServicePortKey(new ObjectName("default", name), "http", TransportProtocol.Tcp,
                IpFamily.IPv4)] = new PortCounters(id, connections, 0, 0, 0);
        }
        var table = ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { NodeName = ClusterChanges.NodeName }, null);
        state.RecordRound(new RoundReport(1, default, 1, 1, default, default, true, [], null), table);
    }

    private void Count(ulong packets)
    {
        foreach (var (port, counters) in dataplane.Counters.ToList())
            dataplane.Counters[port] = counters with { Traffic = new Traffic(packets, 2 * packets, 3 * packets, 4 * packets) };
    }

    private ServiceReadings? Look()
    {
        time.Advance(TimeSpan.FromSeconds(15));
        return series.Read();
    }

    private static string Say(ServiceReadings? all) => string.Join(' ',
    [
        .. all!.Own.OrderBy(r => r.Service).Select(r => $"{r.Service.Name}={r.Connections}"),
        .. all.Others is { } others ? [$"{others.Service.Name}={others.Connections} of {all.OtherPorts}"] : Array.Empty<string>(),
    ]);
}
