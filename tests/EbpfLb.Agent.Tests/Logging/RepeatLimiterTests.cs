using EbpfLb.Agent.Logging;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Logging;

public sealed class RepeatLimiterTests : IDisposable
{
    private readonly StringWriter text = new();
    private readonly ManualTimeProvider time = new(new DateTimeOffset(2025, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;

    public RepeatLimiterTests()
    {
        loggers = AgentLogging.Create(text, LogFormat.Text, 0, time, new RepeatLimiter(time));
        logger = loggers.CreateLogger("EbpfLb.Agent.Pipeline.SyncLoop");
    }

    public void Dispose()
    {
        loggers.Dispose();
        text.Dispose();
    }

    private string[] Lines => text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void What_fails_each_second_is_written_less_and_less_often_with_its_number()
    {
        for (var second = 0; second < 3600; second++)
        {
            Log.CanaryFailed(logger, "not in force");
            time.Advance(TimeSpan.FromSeconds(1));
        }

        // At 0, 30, 90, 210, 450, 930 s, and each 600 s from there.
        Assert.Equal(10, Lines.Length);
        Assert.Equal("2025-01-31T12:00:00.000Z error SyncLoop Canary failed: not in force", Lines[0]);
        Assert.Equal(
            "2025-01-31T12:00:30.000Z error SyncLoop Canary failed: not in force (left out since the last such line: 29)", Lines[1]);
        Assert.EndsWith("(left out since the last such line: 599)", Lines[^1]);
    }

    [Fact]
    public void Numbers_make_no_news_and_words_do()
    {
        Log.SyncIncomplete(logger, 1, 5, 0, 1.5);
        Log.SyncIncomplete(logger, 2, 6, 0, 3.0);
        Log.ObjectFailed(logger, "default/a", "full");
        Log.ObjectFailed(logger, "default/b", "full");
        Log.ObjectFailed(logger, "default/b", "full");
        Log.ObjectFailed(loggers.CreateLogger("EbpfLb.Other"), "default/b", "full");

        Assert.Equal(4, Lines.Length);
    }

    [Fact]
    public void After_good_news_of_the_same_logger_a_failure_is_news_again()
    {
        Log.CanaryFailed(logger, "not in force");
        Log.Stopping(loggers.CreateLogger("EbpfLb.Other"));
        Log.CanaryFailed(logger, "not in force");
        Assert.Single(Lines, l => l.Contains("Canary failed"));
        Log.CanaryOk(logger);
        Log.CanaryFailed(logger, "not in force");
        Assert.Equal(2, Lines.Count(l => l.Contains("Canary failed")));
    }

    [Fact]
    public void What_was_quiet_for_long_begins_anew()
    {
        Log.CanaryFailed(logger, "not in force");
        time.Advance(TimeSpan.FromHours(1));
        Log.CanaryFailed(logger, "not in force");
        time.Advance(TimeSpan.FromSeconds(31));
        Log.CanaryFailed(logger, "not in force");
        Assert.Equal(3, Lines.Length);
        Assert.DoesNotContain("left out", text.ToString());
    }

    [Fact]
    public void Information_and_fatal_errors_are_always_written()
    {
        for (var i = 0; i < 3; i++)
        {
            Log.CanaryOk(logger);
            Log.BindHardFail(logger, "in use");
        }
        Assert.Equal(6, Lines.Length);
    }

    [Fact]
    public void Json_has_the_number_as_a_field()
    {
        using var json = AgentLogging.Create(text, LogFormat.Json, 0, time, new RepeatLimiter(time));
        var jsonLogger = json.CreateLogger("X");
        Log.CanaryFailed(jsonLogger, "a");
        Log.CanaryFailed(jsonLogger, "a");
        time.Advance(RepeatLimiter.FirstWindow);
        Log.CanaryFailed(jsonLogger, "a");
        Assert.Contains("\"leftOut\":1", Lines[^1]);
    }
}
