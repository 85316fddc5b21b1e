using System.Text.Json;
using EbpfLb.Agent.Logging;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Logging;

public sealed class LogLineTests : IDisposable
{
    private readonly StringWriter text = new();

    public void Dispose() => text.Dispose();

    [Fact]
    public void A_text_line_has_time_level_logger_and_message()
    {
        Write(LogFormat.Text, l => Log.CanaryOk(l));
        Assert.Equal("2025-01-31T12:00:00.250Z info  SyncLoop Canary answered: the socket hooks are in force\n", text.ToString());
    }

    [Fact]
    public void A_line_for_the_journal_is_text_behind_its_priority()
    {
        Write(LogFormat.Journal, l => Log.CanaryOk(l));
        Assert.Equal("<6>2025-01-31T12:00:00.250Z info  SyncLoop Canary answered: the socket hooks are in force\n", text.ToString());
    }

    [Theory]
    [InlineData("8:1234", "socket:[1234]", true)]
    [InlineData("8:1234", "socket:[12345]", false)]
    [InlineData("8:1234", "/var/log/ebpflb", false)]
    [InlineData("1234", "socket:[1234]", false)]
    [InlineData(null, "socket:[1234]", false)]
    public void Text_is_written_for_the_journal_where_that_reads_it(string? stream, string output, bool isJournal)
    {
        Assert.Equal(isJournal ? LogFormat.Journal : LogFormat.Text, AgentLogging.For(LogFormat.Text, stream, output));
        Assert.Equal(LogFormat.Json, AgentLogging.For(LogFormat.Json, stream, output));
    }

    [Fact]
    public void What_is_said_before_there_is_a_log_has_its_priority_in_the_journal_on_each_line()
    {
        Assert.Equal("<3>a:\n<3>  b", AgentLogging.Early(LogFormat.Journal, LogLevel.Error, "a:\n  b"));
        Assert.Equal("a:\n  b", AgentLogging.Early(LogFormat.Text, LogLevel.Error, "a:\n  b"));
    }

    [Fact]
    public void A_text_line_stays_one_line()
    {
        Write(LogFormat.Text, l => Log.PartFailed(l, new InvalidOperationException("first\nsecond"), "a\nb"));
        var line = text.ToString();
        Assert.Equal(1, line.Count(c => c == '\n'));
        Assert.Contains("part=a | b;", line);
        Assert.Contains("exception=\"System.InvalidOperationException: first | second\"", line);
        Assert.DoesNotContain(@"\n", line);
    }

    [Fact]
    public void A_text_line_has_nothing_hidden_in_it()
    {
        Write(LogFormat.Text, l => Log.PartFailed(l, new InvalidOperationException("a\eb\u009bc"), "d\u202ee\u200bf"));
        var line = text.ToString();
        Assert.Contains("part=d e f;", line);
        Assert.Contains("exception=\"System.InvalidOperationException: a b c\"", line);
    }

    [Fact]
    public void A_json_line_has_the_values_of_the_message_as_fields_of_their_type()
    {
        Write(LogFormat.Json, l => Log.Synced(l, LogLevel.Warning, 7, 12, 40, 1.5));
        using var json = JsonDocument.Parse(text.ToString());
        var root = json.RootElement;
        Assert.Equal("2025-01-31T12:00:00.250000Z", root.GetProperty("ts").GetString());
        Assert.Equal("warn", root.GetProperty("level").GetString());
        Assert.Equal("SyncLoop", root.GetProperty("logger").GetString());
        Assert.Equal("Synced", root.GetProperty("event").GetString());
        Assert.Equal("Synced: snapshot=7 services=12 operations=40 ms=1.50", root.GetProperty("msg").GetString());
        Assert.Equal(7, root.GetProperty("snapshot").GetInt64());
        Assert.Equal(1.5, root.GetProperty("milliseconds").GetDouble());
        Assert.Equal(1, text.ToString().Count(c => c == '\n'));
    }

    [Fact]
    public void A_field_named_like_one_of_ours_does_not_hide_it()
    {
        Write(LogFormat.Json, l => OddLog.Odd(l, "mine", null));
        using var json = JsonDocument.Parse(text.ToString());
        Assert.Equal("info", json.RootElement.GetProperty("level").GetString());
        Assert.Equal("mine", json.RootElement.GetProperty("level_").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("nothing").ValueKind);
    }

    [Theory]
    [InlineData(0, false, false)]
    [InlineData(3, false, false)]
    [InlineData(4, true, false)]
    [InlineData(6, true, true)]
    public void Verbosity_decides_what_is_written(int verbosity, bool debug, bool trace)
    {
        using var loggers = AgentLogging.Create(text, LogFormat.Text, verbosity, TimeProvider.System);
        var logger = loggers.CreateLogger("EbpfLb.Agent.X");
        Assert.Equal((true, debug, trace),
            (logger.IsEnabled(LogLevel.Information), logger.IsEnabled(LogLevel.Debug), logger.IsEnabled(LogLevel.Trace)));
        Assert.False(loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel").IsEnabled(LogLevel.Information));
    }

    private void Write(LogFormat format, Action<ILogger> write)
    {
        var time = new ManualTimeProvider(new DateTimeOffset(2025, 1, 31, 12, 0, 0, 250, TimeSpan.Zero));
        using var loggers = AgentLogging.Create(text, format, 0, time);
        write(loggers.CreateLogger("EbpfLb.Agent.Pipeline.SyncLoop"));
    }
}

internal static partial class OddLog
{
    [LoggerMessage(1, LogLevel.Information, "Odd: {Level} {Nothing}")]
    public static partial void Odd(ILogger logger, string level, string? nothing);
}
