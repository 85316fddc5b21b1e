using System.Text.Json;
using EbpfLb.Agent.Commands.Monitor;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Monitor;

public sealed class MonitorTests : IDisposable
{
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public MonitorTests() => line.Finder = new FakeFinder(view);

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task It_tells_of_the_state_first_and_then_of_what_is_dropped_from_now_on()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1)));
        view.Flows.Drops.Enqueue(Report(Drop(2)));

        var lines = await LinesAsync(2, "monitor");

        Assert.Matches("^state .*Z ready$", lines[0]);
        Assert.Equal("drop  2025-01-01T00:00:02.000Z drop_ct_full 192.0.2.1:40000 -> 10.96.0.1:80/TCP on eth0 of default/web:http: full",
            lines[1]);
    }

    [Theory]
    [InlineData("--namespace", "default", "2")]
    [InlineData("--service", "default/web", "2")]
    [InlineData("--service", "web:http", "2")]
    [InlineData("--service", "#9", "3")]
    [InlineData("--reason", "drop_no_route", "3")]
    [InlineData("--address", "10.96.0.1", "2")]
    [InlineData("--address", "2001:db8::/32", "3")]
    [InlineData("--address", ":40000", "2")]
    public async Task A_filter_shows_drops_alone_and_of_those_what_is_asked_for(string option, string value, string expected)
    {
        view.Flows.Drops.Enqueue(Report(Drop(1)));
        view.Flows.Drops.Enqueue(Report(Drop(2), Other(3)));

        var found = JsonDocument.Parse((await LinesAsync(1, "monitor", option, value, "-o", "json"))[0]).RootElement;

        Assert.Equal("drop", found.GetProperty("kind").GetString());
        Assert.Equal(expected, found.GetProperty("drop").GetProperty("number").GetRawText());
        Assert.False(found.TryGetProperty("state", out _));
    }

    [Fact]
    public async Task A_template_is_applied_to_each_line()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1)));
        view.Flows.Drops.Enqueue(Report(Drop(2), Other(3)));

        var lines = await LinesAsync(2, "monitor", "-o", "jsonpath={range .drop}{.reason} {.source}{\"\\n\"}{end}");

        Assert.Equal(["drop_ct_full 192.0.2.1:40000", "drop_no_route [2001:db8::9]:53"], lines.Where(l => l.Length > 0));
    }

    [Fact]
    public async Task Drops_takes_the_same_filters()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1), Other(2)));
        Assert.Equal(0, await line.RunAsync("drops", "--reason", "drop_no_route", "-n", "other"));
        Assert.Contains("[2001:db8::9]:53", line.Output);
        Assert.DoesNotContain("192.0.2.1", line.Output);

        view.Flows.Drops.Enqueue(Report(Drop(1)));
        Assert.Equal(0, await line.RunAsync("drops", "--address", "203.0.113.1"));
        Assert.Contains("no drop that the agent keeps is such a one", line.Error);
    }

    [Theory]
    [InlineData("--reason: 'drop_ct_ful' is no reason; did you mean drop_ct_full?", "--reason", "drop_ct_ful")]
    [InlineData("--address: 'x' is no address", "--address", "x")]
    [InlineData("--service: 'a/b/c' names no Service", "--service", "a/b/c")]
    public async Task A_wrong_filter_is_usage(string said, params string[] options)
    {
        Assert.Equal(2, await line.RunAsync(["monitor", .. options]));
        Assert.Contains(said, line.Error);
    }

    [Fact]
    public async Task Without_an_agent_there_is_nobody_to_ask()
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Maps, 0, []));
        Assert.Equal(3, await line.RunAsync("monitor"));
        Assert.Contains("only agents tell of drops", line.Error);
    }

    [Fact]
    public async Task Where_drops_are_not_reported_it_says_why_once()
    {
        var none = new DropsReport(Origin.Agent, 0, []) { Problem = "dropEvents is false" };
        view.Flows.Drops.Enqueue(none);
        view.Flows.Drops.Enqueue(none);
        view.Flows.Drops.Enqueue(none);
        view.Flows.Drops.Enqueue(Report(Drop(1)));

        await LinesAsync(2, "monitor");

        Assert.Equal(
            "drops are not reported: dropEvents is false; the column COUNT of `ebpflb status` counts them all the same\n", line.Error);
    }

    [Fact]
    public void Changes_of_the_state_are_those_since_the_last_look()
    {
        var status = FakeView.ReadyStatus with { Warnings = ["old"] };
        var later = status with
        {
            Ready = false, NotReady = ["no hooks"], Warnings = ["new"], Failures = ["map full"],
            Source = status.Source! with { Error = "refused" }, LastPlan = status.LastPlan! with { Snapshot = 4, Operations = 2 },
        };

        Assert.Equal(
            [
                new("not ready", "no hooks"), new("failed to program", "map full"), new("warning", "new"), new("no more: warning", "old"),
                new("source error", "refused"), new("programmed", "12 services, 2 operations, 0 failed"),
            ], StateChanges.Of(status, later));
        Assert.Equal([new("ready", ""), new("warning", "old")], StateChanges.Of(null, status));
        Assert.Empty(StateChanges.Of(status, status));
        Assert.Contains(new("source error", "refused"), StateChanges.Of(null, later));
    }

    /// <summary>So many lines; then it is interrupted.</summary>
    private async Task<string[]> LinesAsync(int count, params string[] arguments)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = line.RunAsync(arguments, stop.Token);
        Eventually.True(() => line.OutputLines.Length > count, $"{count} lines");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        return line.OutputLines;
    }

    private static DropsReport Report(params DropRow[] drops) => new(Origin.Agent, drops[^1].Number, drops);

    internal static DropRow Drop(long number) => new(
        number, new DateTimeOffset(2025, 1, 1, 0, 0, (int)number, TimeSpan.Zero), "drop_ct_full", "TCP", "192.0.2.1:40000", "10.96.0.1:80",
        "eth0", 60, "default/web:http", 7, "full", "raise it");

    private static DropRow Other(long number) => Drop(number) with
    {
        Reason = "drop_no_route", Source = "[2001:db8::9]:53", Destination = "[fd00::1]:53", Service = "other/dns", ServiceId = 9,
    };
}
