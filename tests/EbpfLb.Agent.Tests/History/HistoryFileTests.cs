using System.Text;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.History;

/// <summary>The history over the end of an agent.</summary>
public sealed class HistoryFileTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ManualTimeProvider time = new();
    private readonly ClusterBuilder cluster = new();

    private HistoryFile File => new(directory.File("a.history"));

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task The_next_agent_goes_on_with_what_the_last_one_wrote_when_it_ended()
    {
        var first = new HistoryUnderTest(mostPlans: 2);
        using (var service = new HistoryService(first.Ring, File, time, NullLogger.Instance))
        {
            await service.StartAsync(TestContext.Current.CancellationToken);
            for (var i = 1; i <= 3; i++)
            {
                first.Plan(cluster.Service($"s-{i}", [$"10.96.0.{i}"], ["http:80"]).Slice($"s-{i}", $"s-{i}", ["http:80"], ["10.1.0.1"])
                    .Build());
            }
            await service.StopAsync(TestContext.Current.CancellationToken);
            Assert.Null(service.Problem);
        }

        var next = new HistoryUnderTest(mostPlans: 2);
        using var restored = new HistoryService(next.Ring, File, time, NullLogger.Instance);
        Assert.Equivalent(first.Plans, next.Plans, strict: true);
        next.Plan(cluster.Build());
        var (plans, dropped, _) = next.Ring.Read();
        Assert.Equal([(3, "source"), (4, "start")], plans.Select(p => (p.Number, p.Cause)));
        Assert.Equal(2, dropped);
        // Whatever happened while no agent ran is not known, and the first plan wrote something.
        Assert.Null(next.History.LastChange(ClusterBuilder.Name("s-3")));
    }

    /// <summary>An agent that was killed may have changed more than it wrote down, which is no gap for those that come after it.</summary>
    [Fact]
    public async Task The_last_changes_are_those_of_the_agent_before_if_it_wrote_all_of_them_and_nothing_was_to_be_written_since()
    {
        var web = ClusterBuilder.Name("web");
        var (first, service) = await StartAsync();
        first.Plan(cluster.Build());
        Publish("10.1.0.1");
        first.Now += TimeSpan.FromMinutes(1);
        first.Plan(cluster.Build());
        var changed = first.Now;
        Assert.Equal(changed, first.History.LastChange(web));
        await EndAsync(service);

        // In order, twice, and the second time by an agent that had no plan.
        var (second, secondService) = await StartAsync();
        second.Record(cluster.Build(), PlanCause.Source, true, operations: 0);
        Assert.Equal(changed, second.History.LastChange(web));
        Assert.False(second.Plans[^1].PlansMissing);
        await EndAsync(secondService);
        await EndAsync((await StartAsync()).Service);
        var (third, thirdService) = await StartAsync();
        third.Record(cluster.Build(), PlanCause.Source, true, operations: 0);
        Assert.Equal(changed, third.History.LastChange(web));
        thirdService.Dispose();

        // That one was killed.
        var (fourth, fourthService) = await StartAsync();
        await EndAsync(fourthService);
        (fourth, fourthService) = await StartAsync();
        fourth.Record(cluster.Build(), PlanCause.Source, true, operations: 0);
        Assert.Null(fourth.History.LastChange(web));
        Assert.True(fourth.Plans[^1].PlansMissing);
        await EndAsync(fourthService);
        var (fifth, fifthService) = await StartAsync();
        fifth.Record(cluster.Build(), PlanCause.Source, true, operations: 0);
        Assert.Null(fifth.History.LastChange(web));
        Assert.False(fifth.Plans[^1].PlansMissing);
        fifthService.Dispose();

        async Task<(HistoryUnderTest Test, HistoryService Service)> StartAsync()
        {
            var test = new HistoryUnderTest();
            var service = new HistoryService(test.Ring, File, time, NullLogger.Instance);
            await service.StartAsync(TestContext.Current.CancellationToken);
            return (test, service);
        }

        static async Task EndAsync(HistoryService service)
        {
            await service.StopAsync(TestContext.Current.CancellationToken);
            service.Dispose();
        }

        void Publish(string endpoint) => cluster.Service("web", ["10.96.0.1"], ["http:80"])
            .Slice("web-1", "web", ["http:8080"], [endpoint]);
    }

    [Fact]
    public async Task A_change_is_in_the_file_ten_seconds_later()
    {
        var test = new HistoryUnderTest();
        using var service = new HistoryService(test.Ring, File, time, NullLogger.Instance);
        await service.StartAsync(TestContext.Current.CancellationToken);
        test.Plan(cluster.Build());
        service.Wake();
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(10));
        Assert.False(System.IO.File.Exists(File.Path));
        time.Advance(TimeSpan.FromSeconds(10));
        await Pipeline.Waiting.UntilAsync(() => System.IO.File.Exists(File.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File.Path));
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"plans":null,"dropped":0}""")]
    [InlineData("""{"plans":[null],"dropped":0}""")]
    [InlineData("""{"plans":[{"number":1}],"dropped":0}""")]
    [InlineData("""{"plans":[{"number":0,"cause":"start"}],"dropped":0}""")]
    [InlineData("""{"plans":[{"number":2,"cause":"x"},{"number":1,"cause":"x"}],"dropped":0}""")]
    [InlineData("""{"plans":[{"number":1,"cause":"x","changes":[null]}],"dropped":0}""")]
    [InlineData("""{"plans":[{"number":1,"cause":"x","changes":[{"service":"a","change":"b","what":[null]}]}],"dropped":0}""")]
    [InlineData("""{"plans":[{"number":1,"cause":"x","changes":[{"service":"a","change":"b","what":[],"backends":{"names":null}}]}],"dropped":0}""")]
    [InlineData("""{"plans":[{"number":1,"cause":"x","failures":[null]}],"dropped":0}""")]
    public async Task A_damaged_file_is_told_of_and_replaced(string text)
    {
        await System.IO.File.WriteAllTextAsync(File.Path, text, TestContext.Current.CancellationToken);
        using var log = new CollectedLog();
        var test = new HistoryUnderTest();
        using (var service = new HistoryService(test.Ring, File, time, log.Loggers.CreateLogger("history")))
        {
            Assert.Contains($"what the agent before programmed cannot be read from {File.Path}", service.Problem);
            Assert.Contains(log.Lines, l => l.Contains("History of the agent before cannot be read", StringComparison.Ordinal));
            test.Plan(cluster.Build());
            await service.StopAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal("start", Assert.Single(File.Read().Plans).Cause);
    }

    [Fact]
    public void A_plan_that_only_has_the_fields_of_an_older_agent_is_read()
    {
        var saved = HistoryFile.Parse(Encoding.UTF8.GetBytes(
            """{"plans":[{"number":7,"time":"2025-01-01T00:00:00Z","cause":"source","programmed":true,"unknown":1}],"dropped":3}"""));
        Assert.Equal(7, Assert.Single(saved.Plans).Number);
        Assert.Equal(3, saved.Dropped);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told_of()
    {
        var test = new HistoryUnderTest();
        using var service = new HistoryService(test.Ring, new HistoryFile(directory.File("no/such/a.history")), time, NullLogger.Instance);
        test.Plan(cluster.Build());
        await service.StopAsync(TestContext.Current.CancellationToken);
        Assert.Contains("the history cannot be kept for the next agent", service.Problem);
    }
}
