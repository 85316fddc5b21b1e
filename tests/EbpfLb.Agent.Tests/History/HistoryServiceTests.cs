using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.History;

/// <summary>What is wrong with the file is said while it is, and logged each time that it begins.</summary>
public sealed class HistoryServiceTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly TemporaryDirectory directory = new();
    private readonly ManualTimeProvider time = new();
    private readonly HistoryRing ring = new(HistoryRing.DefaultPlans, HistoryRing.DefaultBytes);
    private readonly CollectedLog log = new();

    private PlanRow Plan => new(0, time.GetUtcNow(), "source", true, 1, 1, 1);

    /// <summary>A directory in its place: no file can be written there.</summary>
    private string Obstacle => directory.File("a.history.new");

    public void Dispose()
    {
        log.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_a_problem_until_it_can_and_logged_again_the_next_time()
    {
        using var service = NewService();
        await service.StartAsync(TestContext.Current.CancellationToken);

        Directory.CreateDirectory(Obstacle);
        await ChangeAsync(service);
        Eventually.True(() => service.Problem is not null, "the problem");
        Assert.Contains("cannot be kept for the next agent", service.Problem, StringComparison.Ordinal);
        Assert.Equal(1, Logged);

        Directory.Delete(Obstacle);
        await ChangeAsync(service);
        Eventually.True(() => service.Problem is null, "the problem to be over");

        Directory.CreateDirectory(Obstacle);
        await ChangeAsync(service);
        Eventually.True(() => service.Problem is not null, "the problem, again");
        Assert.Equal(2, Logged);
        await service.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, Logged);
    }

    [Fact]
    public async Task That_the_file_of_the_agent_before_could_not_be_read_stays()
    {
        File.WriteAllText(directory.File("a.history"), "{");
        using var service = NewService();
        await service.StartAsync(TestContext.Current.CancellationToken);
        ring.Add(Plan);

        await service.StopAsync(TestContext.Current.CancellationToken);

        Assert.Single(new HistoryFile(directory.File("a.history")).Read().Plans);
        Assert.Contains("this history begins with this agent", service.Problem, StringComparison.Ordinal);
    }

    private int Logged => log.Lines.Count(l => l.Contains("History cannot be written", StringComparison.Ordinal));

    private HistoryService NewService()
        => new(ring, new HistoryFile(directory.File("a.history")), time, log.Loggers.CreateLogger<HistoryService>());

    /// <summary>A plan, and the time after which it is written.</summary>
    private async Task ChangeAsync(HistoryService service)
    {
        ring.Add(Plan);
        service.Wake();
        await time.WhenTimerIsDueIn(Period);
        time.Advance(Period);
    }
}
