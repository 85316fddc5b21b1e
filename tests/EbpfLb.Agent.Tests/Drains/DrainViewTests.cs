using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Drains;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Drains;

/// <summary>What `ebpflb drain` is answered with.</summary>
public sealed class DrainViewTests : IDisposable, ISyncTurn
{
    private readonly TemporaryDirectory directory = new();
    private readonly ManualTimeProvider time = new();
    private readonly LoopRequests requests = new();
    private readonly PipelineState state = new(
        () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false);

    public void Dispose() => directory.Dispose();

    RoundReport? ISyncTurn.RunAgain(bool anew) => null;

    [Fact]
    public async Task A_drain_knows_the_Services_that_had_the_backend_and_shows_when_it_ends_without_them()
    {
        var (store, options) = (NewStore(), new PolicyOptions { NodeName = "n" });
        var absences = new DrainAbsences(store, time);
        var snapshot = new ClusterBuilder()
            .Service("web", ["10.96.0.1"], [":80"]).Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2"])
            .Service("api", ["10.96.0.2"], [":80"]).Slice("api-1", "api", [":8080"], ["10.1.0.1", "10.1.0.3"])
            .Service("other", ["10.96.0.3"], [":80"]).Slice("other-1", "other", [":8080"], ["10.1.0.4"])
            .Build();
        state.RecordCompiled(new CompiledState(snapshot, options, ForwardingCompiler.Compile(snapshot, options, null)));
        var view = new DrainView(store, absences, state, requests, () => { }, time, NullLogger.Instance);

        var asked = view.DrainAsync(new DrainQuery("10.1.0.1"), TestContext.Current.CancellationToken);
        await requests.WaitAsync(TestContext.Current.CancellationToken);
        Assert.True(requests.TryTake(out var work));
        work(this);

        var row = Assert.Single((await asked).Drains);
        Assert.Equal(["default/api", "default/web"], row.Services.Order());
        Assert.Equal(["default/api", "default/web"], Assert.Single(NewStore().All).Services.Select(s => s.ToString()).Order());
        absences.Look(snapshot);
        Assert.Equal("undrain", await UntilAsync());

        absences.Look(ClusterSnapshot.Empty);
        Assert.Equal("2025-01-01T00:10:00Z (backend gone)", await UntilAsync());

        async Task<string> UntilAsync()
            => DrainText.Until(Assert.Single((await view.ListAsync(TestContext.Current.CancellationToken)).Drains));
    }

    [Theory]
    [InlineData(60, "2025-01-01T00:01:00Z")]
    [InlineData(3600, "2025-01-01T00:10:00Z (backend gone)")]
    public void What_ends_it_first_is_shown(int seconds, string expected)
        => Assert.Equal(expected, DrainText.Until(new DrainRow("10.1.0.1", null, time.GetUtcNow(),
            time.GetUtcNow() + TimeSpan.FromSeconds(seconds), Forced: false) { AbsentSince = time.GetUtcNow() }));

    private DrainStore NewStore() => new(new DrainFile(directory.File("a.drains")), time, NullLogger.Instance);
}
