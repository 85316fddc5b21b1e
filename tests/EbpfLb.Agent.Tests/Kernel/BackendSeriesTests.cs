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

/// <summary>Counters of backends in the metrics: off by default, and never more series than were asked for.</summary>
public sealed class BackendSeriesTests : IAsyncDisposable
{
    private readonly ManualTimeProvider time = new(DateTimeOffset.UnixEpoch);
    private readonly FakeDataplane dataplane = new();
    private readonly PipelineState state;
    private readonly BackendSeries series;
    private int limit = 2;

    public BackendSeriesTests()
    {
        state = new PipelineState(
            () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(time, TimeSpan.FromSeconds(30)), false);
        series = new BackendSeries(dataplane, state, () => limit, time);
    }

    public ValueTask DisposeAsync() => dataplane.DisposeAsync();

    [Fact]
    public void Without_the_option_nothing_is_read()
    {
        Serve("10.1.0.1");
        limit = 0;
        Assert.Null(Look());
    }

    [Fact]
    public void The_first_to_come_keep_their_series_and_how_many_have_none_is_said()
    {
        Serve("10.1.0.5", "10.1.0.6");
        Assert.Equal("10.1.0.5:8080=5/1 10.1.0.6:8080=6/1, 0 left out", Say(Look()));
        Serve("10.1.0.1", "10.1.0.5", "10.1.0.6");
        Assert.Equal("10.1.0.5:8080=5/1 10.1.0.6:8080=6/1, 1 left out", Say(Look()));
        Serve("10.1.0.1", "10.1.0.6");
        Assert.Equal("10.1.0.1:8080=1/1 10.1.0.6:8080=6/1, 0 left out", Say(Look()));
    }

    [Fact]
    public void A_backend_that_is_not_programmed_has_no_series_yet()
    {
        Serve("10.1.0.1");
        dataplane.Backends.Clear();
        Assert.Equal(", 0 left out", Say(Look()));
    }

    [Fact]
    public void Of_very_many_backends_only_those_with_series_are_gone_into()
    {
        const int Count = 50_000;
        limit = 100;
        var cluster = new ClusterBuilder();
        for (var i = 0; i < Count; i++)
            cluster.Service($"s{i:d5}", [$"10.96.{i / 250}.{i % 250}"], ["http:80"])
                .Slice($"s{i:d5}-1", $"s{i:d5}", ["http:8080"], [$"10.1.{i / 250}.{i % 250}"]);
        var table = ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { NodeName = ClusterChanges.NodeName }, null);
        state.RecordRound(new RoundReport(1, default, 1, 1, default, default, true, [], null), table);
        foreach (var port in table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports))
            dataplane.Backends[port.Key] = [.. port.Backends.Select(b => new BackendCounters(b.Address, 1, 1, 0))];
        var first = Look()!;

        var begin = GC.GetAllocatedBytesForCurrentThread();
        var second = Look()!;

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - begin, 1, 1_000_000);
        Assert.Equal((100, Count - 100), (second.Own.Count, second.LeftOut));
        Assert.Equal(first.Own, second.Own);
    }

    /// <summary>Each counted as many connections as its last number says, of which one is open.</summary>
    private void Serve(params string[] backends)
    {
        var cluster = new ClusterBuilder().Service("web", ["10.96.0.1"], ["http:80"]).Slice("web-1", "web", ["http:8080"], backends);
        var table = ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { NodeName = ClusterChanges.NodeName }, null);
        var port = table.Find(ClusterBuilder.Name("web"))!.Ports[0];
        dataplane.Backends[port.Key] = [.. port.Backends.Select(b
            => new BackendCounters(b.Address, 1, uint.Parse(b.Address.Address.ToString().Split('.')[3]), 1))];
        state.RecordRound(new RoundReport(1, default, 1, 1, default, default, true, [], null), table);
    }

    private BackendReadings? Look()
    {
        time.Advance(TimeSpan.FromSeconds(15));
        return series.Read();
    }

    private static string Say(BackendReadings? all) => string.Join(' ', all!.Own.OrderBy(r => r.Backend, StringComparer.Ordinal)
        .Select(r => $"{r.Backend}={r.Connections}/{r.Open}")) + $", {all.LeftOut} left out";
}
