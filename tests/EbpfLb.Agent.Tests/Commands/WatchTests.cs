using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>Every list can be watched, printed by a template, and goes on while the agent is away.</summary>
public sealed class WatchTests : IDisposable
{
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();
    private readonly TemporaryDirectory directory = new();

    public WatchTests() => line.Finder = new FakeFinder(view);

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Theory]
    [InlineData("services", "{.services[0].service}", "default/web")]
    [InlineData("backends", "{.backends[*].address}", "10.1.0.1 fd01::1 10.1.0.2")]
    [InlineData("status", "{.maps[?(@.name==\"lb_services4\")].capacity}", "1000")]
    [InlineData("conntrack list", "{range .flows[*]}{.service};{end}", "default/web:http;null;")]
    [InlineData("conntrack count", "{.matching}", "7")]
    [InlineData("verify", "{.equal}", "true")]
    [InlineData("drops", "{.last}", "0")]
    [InlineData("drain", "{.drains[*].backend}", "10.1.0.7")]
    public async Task A_template_prints_what_it_names_without_a_line_after_it(string command, string template, string expected)
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 0, []));
        view.Drains = new FakeDrains();
        Assert.Equal(0, await line.RunAsync([.. command.Split(' '), "-o", $"jsonpath={template}"]));
        Assert.Equal(expected, line.Output);
    }

    [Theory]
    [InlineData("services")]
    [InlineData("verify")]
    [InlineData("history")]
    public async Task A_template_that_is_none_is_wrong_usage(string command)
    {
        Assert.Equal(2, await line.RunAsync(command, "-o", "jsonpath={.a"));
        Assert.Contains("--output: column 4 of '{.a': '}' is missing at the end", line.Error);
        Assert.Equal(2, await line.RunAsync(command, "-o", "jsonpath"));
        Assert.Contains("'jsonpath' is not one of table, ", line.Error);
    }

    [Theory]
    [InlineData("conntrack list", "PROTO ")]
    [InlineData("conntrack count", "7 flows")]
    [InlineData("verify", "Equal")]
    [InlineData("drain", "DRAINED ")]
    public async Task Lists_are_answered_again_and_again(string command, string text)
    {
        view.Drains = new FakeDrains();
        Assert.Equal(0, await line.RunAsync([.. command.Split(' '), "-w", "--interval", "100ms", "--count", "3"]));
        Assert.Equal(4, line.Output.Split(text).Length);
    }

    [Fact]
    public async Task Differences_end_a_verification_with_1_also_when_it_is_watched()
    {
        view.Verify = view.Verify with { Equal = false };
        Assert.Equal(1, await line.RunAsync("verify", "-w", "--interval", "100ms", "--count", "2", "-o", "yaml"));
        Assert.Contains("---\n", line.Output);
    }

    [Theory]
    [InlineData("--interval and --count are for --watch: add it", "verify", "--count", "2")]
    [InlineData("50ms is too short; give 100ms or more", "conntrack", "list", "-w", "--interval", "50ms")]
    [InlineData("--watch is for the list of what is drained", "drain", "10.1.0.7", "-w")]
    public async Task What_cannot_be_watched_is_wrong_usage(string said, params string[] arguments)
    {
        Assert.Equal(2, await line.RunAsync(arguments));
        Assert.Contains(said, line.Error);
    }

    [Fact]
    public async Task An_interruption_in_the_middle_of_an_answer_is_an_end_as_any_other()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        view.HoldServices = true;
        var running = line.RunAsync(["services", "-w"], stop.Token);
        Eventually.True(() => view.Asked is not null, "a question");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal("", line.Error);
    }

    [Theory]
    [InlineData("drops")]
    [InlineData("monitor")]
    public async Task Following_says_that_the_agent_is_away_and_goes_on_when_it_is_back(string command)
    {
        var socket = directory.File("a.sock");
        line.Finder = new FakeFinder(null) { Socket = socket };
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 3, []));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var server = new ControlServer(socket, view, NullLoggerFactory.Instance);
        await server.StartAsync(stop.Token);
        string[] arguments = command == "drops" ? ["drops", "-w"] : [command];
        var running = line.RunAsync(arguments, stop.Token);
        // By the first question it finds out where to begin.
        Eventually.True(() => view.Flows.AskedAfter == 3, "it to follow");

        await server.DisposeAsync();
        Eventually.True(
            () => running.IsCompleted || line.Error.Contains("does not answer; waiting for it", StringComparison.Ordinal),
            "that it is away");
        Assert.False(running.IsCompleted, $"{running.Exception}{line.Error}");
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 1, [new DropRow(1, default, "drop_ct_full", "TCP", "192.0.2.1:1",
            "10.96.0.1:80", "eth0", 60, "default/web", 7, "the map is full", null)]));
        await using var next = new ControlServer(socket, view, NullLoggerFactory.Instance);
        await next.StartAsync(stop.Token);

        Eventually.True(() => line.Output.Contains("drop_ct_full", StringComparison.Ordinal), "a drop of the next agent");
        Assert.Contains("the agent of instance 'default' is back", line.Error);
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    /// <summary>One backend is drained.</summary>
    private sealed class FakeDrains : IDrainView
    {
        private static readonly DrainReport Report = new([new DrainRow("10.1.0.7", null, default, null, false)]);

        public Task<DrainReport> ListAsync(CancellationToken cancellationToken) => Task.FromResult(Report);

        public Task<DrainReport> DrainAsync(DrainQuery query, CancellationToken cancellationToken) => Task.FromResult(Report);

        public Task<DrainReport> UndrainAsync(DrainQuery query, CancellationToken cancellationToken) => Task.FromResult(Report);
    }
}
