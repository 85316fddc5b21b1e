using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Monitor;

/// <summary>`ebpflb monitor --type trace`.</summary>
public sealed class MonitorTraceTests : IDisposable
{
    private readonly FakeTraceView traces = new();
    private readonly FakeView view;
    private readonly TestCommandLine line = new();

    public MonitorTraceTests()
    {
        view = new FakeView { Traces = traces };
        line.Finder = new FakeFinder(view);
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 0, []));
    }

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Each_flow_that_begins_or_ends_is_a_line()
    {
        Report(100, Opened(8), Connected(9), Opened(10) with { Event = "closed", Hook = null, ToNode = "172.18.0.3" });

        Assert.Equal(
            [
                "trace 2025-01-01T00:00:08.000Z opened 192.0.2.1:40000 -> 10.96.0.1:80/TCP -> 10.244.0.5:8080 as 10.0.0.1:61000 at xdp "
                    + "on eth0 of default/web:http",
                "trace 2025-01-01T00:00:09.000Z connected fd00::7 -> 10.96.0.1:80/TCP -> 10.244.0.5:8080 at connect in curl[1234] of #9",
                "trace 2025-01-01T00:00:10.000Z closed 192.0.2.1:40000 -> 10.96.0.1:80/TCP -> 10.244.0.5:8080 as 10.0.0.1:61000 "
                    + "by a tunnel to 172.18.0.3 on eth0 of default/web:http",
            ],
            await LinesAsync(3, "monitor", "--type", "trace"));
        Assert.All(traces.Asked, query => Assert.Equal(new TraceFilter(), query.Filter));
        Assert.Equal([null, null, 7L, 10L], traces.Asked.Select(query => query.After));
    }

    [Fact]
    public async Task As_json_it_has_all_that_is_known()
    {
        Report(100, Connected(8));

        var found = JsonDocument.Parse((await LinesAsync(1, "monitor", "-t", "trace", "-o", "json"))[0]).RootElement;

        Assert.Equal("trace", found.GetProperty("kind").GetString());
        Assert.Equal(
            """{"number":8,"time":"2025-01-01T00:00:08+00:00","event":"connected","hook":"connect","protocol":"TCP","client":"[fd00::7]:0","""
                + "\"frontend\":\"10.96.0.1:80\",\"backend\":\"10.244.0.5:8080\",\"process\":\"curl\",\"pid\":1234,\"socket\":77,"
                + "\"serviceId\":9}",
            found.GetProperty("trace").GetRawText());
    }

    [Fact]
    public async Task A_template_is_applied_to_each()
    {
        Report(100, Opened(8), Connected(9));

        var lines = await LinesAsync(2, "monitor", "-t", "trace", "-o", "jsonpath={range .trace}{.event} {.backend}{\"\\n\"}{end}");

        Assert.Equal(["opened 10.244.0.5:8080", "connected 10.244.0.5:8080"], lines.Where(l => l.Length > 0));
    }

    [Theory]
    [InlineData("--namespace", "default", 8)]
    [InlineData("--service", "default/web", 8)]
    [InlineData("--service", "#9", 9)]
    [InlineData("--address", "192.0.2.0/24", 8)]
    [InlineData("--address", "10.0.0.1:61000", 8)]
    [InlineData("--address", "fd00::7", 9)]
    public async Task Filters_are_those_of_drops(string option, string value, long expected)
    {
        Report(100, Opened(8), Connected(9));

        var found = JsonDocument.Parse((await LinesAsync(1, "monitor", "--type", "trace", option, value, "-o", "json"))[0]).RootElement;

        Assert.Equal(expected, found.GetProperty("trace").GetProperty("number").GetInt64());
        var filter = traces.Asked[0].Filter;
        Assert.Equal(option == "--namespace" ? value : null, filter.Namespace);
        Assert.Equal(option == "--service" ? value : null, filter.Service);
    }

    [Theory]
    [InlineData(105, 0, 5)]
    [InlineData(100, 3, 3)]
    [InlineData(104, 2, 6)]
    public async Task Those_that_are_not_shown_are_counted(long lost, long forgotten, long expected)
    {
        traces.Reports.Enqueue(new TracesReport(12, lost, forgotten, [Opened(12)]));
        var json = JsonDocument.Parse((await LinesAsync(2, "monitor", "--type", "trace", "-o", "json"))[0]).RootElement;
        Assert.Equal(("lost", expected), (json.GetProperty("kind").GetString(), json.GetProperty("lost").GetInt64()));
    }

    [Fact]
    public async Task In_words_too()
    {
        Report(101, Opened(8));

        Assert.Matches("^lost  .*Z 1 traces not shown: there were too many$", (await LinesAsync(2, "monitor", "--type", "trace"))[0]);
    }

    [Fact]
    public async Task Several_types_are_shown_together_and_what_is_not_asked_for_is_not()
    {
        Report(100, Opened(8));
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 1, [MonitorTests.Drop(1)]));

        var lines = await LinesAsync(3, "monitor", "--type", "trace,state", "--type", "drop");

        Assert.Equal(["drop", "state", "trace"], lines.Select(l => l.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_being_asked_to_nothing_is_traced()
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 1, [MonitorTests.Drop(1)]));

        await LinesAsync(2, "monitor");

        Assert.Empty(traces.Asked);
    }

    [Fact]
    public async Task A_type_that_is_none_is_usage()
    {
        Assert.Equal(2, await line.RunAsync("monitor", "--type", "drop,flow"));
        Assert.Contains("--type: 'flow' is not one of drop, trace, state", line.Error);
    }

    private void Report(long lost, params TraceRow[] rows) => traces.Reports.Enqueue(new TracesReport(rows[^1].Number, lost, 0, rows));

    /// <summary>So many lines; then it is interrupted.</summary>
    private async Task<string[]> LinesAsync(int count, params string[] arguments)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = line.RunAsync(arguments, stop.Token);
        Eventually.True(() => line.OutputLines.Length > count, $"{count} lines");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        return line.OutputLines[..count];
    }

    private static TraceRow Opened(long number) => new(
        number, new DateTimeOffset(2025, 1, 1, 0, 0, (int)number, TimeSpan.Zero), "opened", "xdp", "TCP", "192.0.2.1:40000", "10.96.0.1:80",
        "10.244.0.5:8080", "10.0.0.1:61000", null, null, "eth0", null, null, null, "default/web:http", 7);

    private static TraceRow Connected(long number) => Opened(number) with
    {
        Event = "connected", Hook = "connect", Client = "[fd00::7]:0", Snat = null, Device = null, Process = "curl", Pid = 1234,
        Socket = 77, Service = null, ServiceId = 9,
    };
}
