using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.History;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>`ebpflb history`, over the real view and, where the agent goes away, over a real control socket.</summary>
public sealed class HistoryCommandTests : IDisposable
{
    private readonly TestCommandLine line = new();
    private readonly FakeView view = new();
    private readonly TemporaryDirectory directory = new();
    private readonly ManualTimeProvider time = new(new DateTimeOffset(2025, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly ClusterBuilder cluster = new();
    private readonly HistoryUnderTest test = new(mostPlans: 4);
    private string? problem;

    public HistoryCommandTests()
    {
        view.History = NewView();
        line.Finder = new FakeFinder(view);
        test.Plan(cluster.Build());
        Add("web");
        Add("api");
    }

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Plans_are_a_table_with_a_line_for_each_Service()
    {
        Assert.Equal(0, await line.RunAsync("history"));
        Assert.Equal(
            [
                "TIME                       SERVICE       CHANGE     TOOK   WHAT",
                "2025-01-01T12:00:00.000Z   -             start    1.5 ms   0 Services, 1 map operations",
                "2025-01-01T12:00:00.000Z   default/web   added    1.5 ms   type ClusterIP; 1 port; 0 backends",
                "2025-01-01T12:00:00.000Z   default/api   added    1.5 ms   type ClusterIP; 1 port; 0 backends",
                "",
            ], line.OutputLines);
        Assert.Equal("", line.Error);
    }

    [Fact]
    public async Task Wide_names_and_no_headings()
    {
        Assert.Equal(0, await line.RunAsync("history", "-o", "wide", "--no-headers"));
        Assert.Matches("(?m)default/api +added +1.5 ms +3 +source +2 +1 +type ClusterIP", line.Output);
        Assert.Equal(0, await line.RunAsync("history", "-o", "name"));
        Assert.EndsWith("\ndefault/web\ndefault/api\n", line.Output);
        Assert.Equal(0, await line.RunAsync("history", "-o", "yaml"));
        Assert.Contains("plans:\n- number: 1\n  time: \"2025-01-01T12:00:00+00:00\"\n  cause: \"start\"\n", line.Output);
    }

    [Theory]
    [InlineData("time", "1 2 3 4")]
    [InlineData("took", "1 2 3 4")]
    [InlineData("operations", "4 1 2 3")]
    public async Task Plans_come_in_the_order_that_is_asked_for(string order, string expected)
    {
        test.Record(cluster.Build(), PlanCause.Request, true, operations: 9);
        Assert.Equal(0, await line.RunAsync("history", "--sort", order, "-o", "jsonpath={.plans[*].number}"));
        Assert.Equal(expected, line.Output);
    }

    [Fact]
    public async Task JSON_has_stable_names()
    {
        Add("web", "10.1.0.1");
        Assert.Equal(0, await line.RunAsync("history", "-o", "json"));
        using var json = JsonDocument.Parse(line.Output);
        Assert.Equal(["origin", "plans", "last", "started", "dropped", "problem"], Names(json.RootElement));
        var plan = json.RootElement.GetProperty("plans").EnumerateArray().Last();
        Assert.Equal(
            ["number", "time", "cause", "programmed", "milliseconds", "services", "operations", "added", "removed", "changed", "changes",
                "notListed", "failures", "failuresNotListed", "repeated", "repeatedAt", "plansMissing"], Names(plan));
        Assert.Equal(["service", "change", "what", "backends", "failed"], Names(plan.GetProperty("changes")[0]));
        Assert.Equal(
            ["added", "removed", "ready", "notReady", "terminating", "drained", "undrained", "chosen", "notChosen", "changed", "names"],
            Names(plan.GetProperty("changes")[0].GetProperty("backends")));
    }

    [Theory]
    [InlineData("default/web", "default/web")]
    [InlineData("api", "default/api")]
    [InlineData("default/", "default/web default/api")]
    [InlineData("other/", "")]
    public async Task One_Service_or_namespace_is_all_that_is_shown(string service, string expected)
    {
        Assert.Equal(0, await line.RunAsync("history", "--service", service, "-o", "name"));
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            line.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        if (expected.Length == 0) Assert.Contains("nothing that is kept is such a change", line.Error);
    }

    [Fact]
    public async Task Only_the_last_minutes_are_shown()
    {
        time.Advance(TimeSpan.FromMinutes(20));
        test.Now = time.GetUtcNow();
        Add("new");
        Assert.Equal(0, await line.RunAsync("history", "--since", "10m", "-o", "name"));
        Assert.Equal("default/new\n", line.Output);
    }

    [Fact]
    public async Task What_is_not_kept_any_more_or_not_named_is_said()
    {
        for (var i = 0; i < 30; i++) cluster.Service($"s-{i:00}", [$"10.97.0.{i + 1}"], [":80"]);
        test.Plan(cluster.Build());
        Add("last");
        problem = "the history cannot be kept";
        Assert.Equal(0, await line.RunAsync("history", "--service", "s-29"));
        Assert.Matches("(?m)- +more +1.5 ms +10 more Services; in all 30 added, 0 removed, 0 changed$", line.Output);
        Assert.Contains("1 older plans were dropped, as the agent keeps the last ones only\nthe history cannot be kept\n", line.Error);
        Assert.Contains("10 Services of plans that changed many are counted and not named", line.Error);
    }

    [Theory]
    [InlineData("--service", "a:b", "names a service port, and the history is by Service")]
    [InlineData("--service", "#7", "names a service port")]
    [InlineData("--since", "soon", "'soon' is not a duration")]
    [InlineData("-o", "xml", "'xml' is not one of table, wide, json, yaml, name, jsonpath=TEMPLATE")]
    public async Task A_wrong_option_is_usage(string option, string value, string said)
    {
        Assert.Equal(2, await line.RunAsync("history", option, value));
        Assert.Contains(said, line.Error);
    }

    [Fact]
    public async Task Without_an_agent_there_is_nobody_to_ask()
    {
        view.History = null;
        Assert.Equal(3, await line.RunAsync("history"));
        Assert.Contains("no agent answers, and only agents keep a history", line.Error);
    }

    [Theory]
    [InlineData("--follow")]
    [InlineData("-w")]
    public async Task Following_goes_on_over_a_restart_of_the_agent_and_shows_each_plan_once(string option)
    {
        var socket = directory.File("a.sock");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var server = await ServeAsync(socket);
        line.Finder = new FakeFinder(null) { Socket = socket };

        var running = line.RunAsync(["history", option, "-o", "name"], stop.Token);
        Eventually.True(() => line.Output == "default/web\ndefault/api\n", "what is kept");
        Add("third");
        Eventually.True(() => line.Output.EndsWith("default/third\n", StringComparison.Ordinal), "what is new");
        await server.DisposeAsync();
        Eventually.True(
            () => line.Error.Contains("the agent of instance 'default' does not answer; waiting for it", StringComparison.Ordinal),
            "that the agent is away");
        // The next agent took the plans over, and has its own start.
        time.Advance(TimeSpan.FromSeconds(5));
        test.Now = time.GetUtcNow();
        view.History = NewView();
        await using var next = await ServeAsync(socket);
        Eventually.True(() => line.Error.Contains("the agent of instance 'default' is back", StringComparison.Ordinal), "that it is back");
        Add("fourth");
        Eventually.True(() => line.Output.EndsWith("default/fourth\n", StringComparison.Ordinal), "what the next one programs");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal("default/web\ndefault/api\ndefault/third\ndefault/fourth\n", line.Output);
    }

    private async Task<ControlServer> ServeAsync(string socket)
    {
        var server = new ControlServer(socket, view, NullLoggerFactory.Instance);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private HistoryView NewView() => new(test.History, test.Ring, () => problem, time);

    private int services;

    private void Add(string name, params string[] endpoints)
        => test.Plan(cluster.Service(name, [name == "web" ? "10.96.0.250" : $"10.96.0.{++services}"], ["http:80"])
            .Slice(name, name, ["http:8080"], endpoints).Build());

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(p => p.Name);
}
