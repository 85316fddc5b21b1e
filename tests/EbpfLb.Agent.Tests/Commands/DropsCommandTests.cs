using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class DropsCommandTests : IDisposable
{
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public DropsCommandTests() => line.Finder = new FakeFinder(view);

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Drops_are_listed_and_each_reason_is_explained_once()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1), Drop(2)));
        Assert.Equal(0, await line.RunAsync("drops"));
        Assert.Equal(
            [
                "TIME                       REASON         PROTO   SOURCE            DESTINATION    DEVICE   BYTES   SERVICE",
                "2025-01-01T00:00:01.000Z   drop_ct_full   TCP     192.0.2.1:40000   10.96.0.1:80   eth0        60   default/web",
                "2025-01-01T00:00:02.000Z   drop_ct_full   TCP     192.0.2.1:40000   10.96.0.1:80   eth0        60   default/web",
                "drop_ct_full: the map is full: raise --max-flows",
                "",
            ], line.OutputLines);
    }

    [Fact]
    public async Task Following_goes_on_where_the_last_answer_ended_one_object_a_line()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1)));
        view.Flows.Drops.Enqueue(Report(Drop(2), Drop(3)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = line.RunAsync(["drops", "-f", "-o", "json"], stop.Token);
        Eventually.True(() => line.OutputLines.Length == 4, "three lines");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal([1, 2, 3], line.OutputLines[..3].Select(l => JsonDocument.Parse(l).RootElement.GetProperty("number").GetInt64()));
        Assert.Equal(3, view.Flows.AskedAfter);
    }

    [Fact]
    public async Task Without_an_agent_there_is_nobody_to_ask()
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Maps, 0, []));
        Assert.Equal(3, await line.RunAsync("drops"));
        Assert.Contains("no agent answers, and only agents keep drops", line.Error);
    }

    [Fact]
    public async Task No_drops_are_said_to_be_none()
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 0, []));
        Assert.Equal(0, await line.RunAsync("drops"));
        Assert.Contains("nothing was dropped since the agent started", line.Error);
    }

    [Theory]
    [InlineData("drops")]
    [InlineData("drops", "-o", "json")]
    public async Task Where_drops_are_not_reported_it_says_why_and_not_that_there_were_none(params string[] arguments)
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 0, []) { Problem = "dropEvents is false" });
        Assert.Equal(0, await line.RunAsync(arguments));
        Assert.Equal(
            "drops are not reported: dropEvents is false; the column COUNT of `ebpflb status` counts them all the same\n", line.Error);
    }

    [Fact]
    public async Task Following_says_once_that_drops_are_not_reported()
    {
        var none = new DropsReport(Origin.Agent, 0, []) { Problem = "dropEvents is false" };
        view.Flows.Drops.Enqueue(none);
        view.Flows.Drops.Enqueue(none);
        view.Flows.Drops.Enqueue(Report(Drop(1)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = line.RunAsync(["drops", "-f", "-o", "json"], stop.Token);
        Eventually.True(() => line.OutputLines.Length == 2, "a line");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal(2, line.Error.Split('\n').Length);
    }

    [Theory]
    [InlineData("8.5s", "2 3")]
    [InlineData("8s", "2 3")]
    [InlineData("1h", "1 2 3")]
    [InlineData("200h", "1 2 3")]
    [InlineData("1700000h", "1 2 3")]
    public async Task Only_drops_recorded_in_the_last_time_are_shown(string since, string expected)
    {
        line.Time = Now;
        view.Flows.Drops.Enqueue(Report(Drop(1), Drop(2), Drop(3)));
        Assert.Equal(0, await line.RunAsync("drops", "--since", since, "-o", "jsonpath={.drops[*].number}"));
        Assert.Equal(expected, line.Output);
        Assert.Equal("", line.Error);
    }

    [Fact]
    public async Task A_time_goes_with_the_other_filters_and_with_following()
    {
        line.Time = Now;
        view.Flows.Drops.Enqueue(Report(Drop(1), Drop(2) with { Reason = "drop_no_route" }, Drop(3)));
        view.Flows.Drops.Enqueue(Report(Drop(4) with { Reason = "drop_no_route" }, Drop(5)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = line.RunAsync(["drops", "--since", "9s", "--reason", "drop_ct_full", "-f", "-o", "jsonpath={.number} "], stop.Token);
        Eventually.True(() => line.Output.Contains('5', StringComparison.Ordinal), "the drop that came");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal("1 3 5 ", line.Output);

        view.Flows.Drops.Enqueue(Report(Drop(1)));
        Assert.Equal(0, await line.RunAsync("drops", "--since", "3s"));
        Assert.Contains("no drop that the agent keeps is such a one", line.Error);
    }

    [Fact]
    public async Task Drops_of_the_time_that_are_not_kept_any_more_are_said()
    {
        line.Time = Now;
        view.Flows.Drops.Enqueue(Report(Drop(5), Drop(6)));
        Assert.Equal(0, await line.RunAsync("drops", "--since", "8s"));
        Assert.Equal("4 older drops are not kept any more, and some may be of this time: the first that is kept is of "
            + "2025-01-01T00:00:05.000Z\n", line.Error);
    }

    [Fact]
    public async Task What_is_kept_from_before_the_time_leaves_no_doubt()
    {
        line.Time = Now;
        view.Flows.Drops.Enqueue(Report(Drop(5), Drop(6)));
        Assert.Equal(0, await line.RunAsync("drops", "--since", "4.5s"));
        Assert.Equal("", line.Error);
    }

    [Fact]
    public async Task Wide_has_what_each_drop_means_and_names_are_those_of_Services()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1), Drop(2) with { Service = null, ServiceId = 0, Advice = null }));
        Assert.Equal(0, await line.RunAsync("drops", "-o", "wide", "--no-headers"));
        Assert.Equal(2, line.Output.TrimEnd().Split('\n').Length);
        Assert.Matches("(?m) default/web +1 +7   the map is full: raise --max-flows$", line.Output);
        Assert.Matches("(?m) - +2 +-   the map is full$", line.Output);

        view.Flows.Drops.Enqueue(Report(
            Drop(1), Drop(2), Drop(3) with { Service = null }, Drop(4) with { Service = null, ServiceId = 0 }));
        Assert.Equal(0, await line.RunAsync("drops", "-o", "name"));
        Assert.EndsWith("the map is full\ndefault/web\n#7\n", line.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("time", "1 2 3")]
    [InlineData("reason", "2 1 3")]
    [InlineData("service", "3 1 2")]
    [InlineData("source", "3 1 2")]
    [InlineData("destination", "2 1 3")]
    [InlineData("bytes", "2 1 3")]
    public async Task Drops_come_in_the_order_that_is_asked_for(string order, string expected)
    {
        view.Flows.Drops.Enqueue(Report(
            Drop(1), Drop(2) with { Reason = "drop_bad", Destination = "10.96.0.1:9", Length = 100 },
            Drop(3) with { Service = "default/api", Source = "10.0.0.9:40000" }));
        Assert.Equal(0, await line.RunAsync("drops", "--sort", order, "-o", "jsonpath={.drops[*].number}"));
        Assert.Equal(expected, line.Output);
    }

    [Theory]
    [InlineData("drops")]
    [InlineData("history")]
    public async Task What_comes_while_one_looks_on_has_no_order(string command)
    {
        Assert.Equal(2, await line.RunAsync(command, "--sort", "time", "--follow"));
        Assert.Contains("--sort is for a list, and --follow shows what comes as it comes", line.Error);
    }

    [Fact]
    public async Task A_wrong_time_is_usage()
    {
        Assert.Equal(2, await line.RunAsync("drops", "--since", "soon"));
        Assert.Contains("--since: 'soon' is not a duration", line.Error);
    }

    private static ManualTimeProvider Now => new(new DateTimeOffset(2025, 1, 1, 0, 0, 10, TimeSpan.Zero));

    private static DropsReport Report(params DropRow[] drops) => new(Origin.Agent, drops[^1].Number, drops);

    private static DropRow Drop(long number) => new(
        number, new DateTimeOffset(2025, 1, 1, 0, 0, (int)number, TimeSpan.Zero), "drop_ct_full", "TCP", "192.0.2.1:40000", "10.96.0.1:80",
        "eth0", 60,
        "default/web", 7, "the map is full", "raise --max-flows");
}
