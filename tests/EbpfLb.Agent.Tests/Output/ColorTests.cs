using System.Text.RegularExpressions;
using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Output;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Output;

/// <summary>Lines with an error or a warning have a colour at a terminal, and nothing but the colour differs elsewhere.</summary>
public sealed partial class ColorTests : IDisposable
{
    private const string Red = "\e[31m", Yellow = "\e[33m", Plain = "";

    private readonly FakeView view = new();
    private readonly List<TestCommandLine> lines = [];

    public ColorTests()
    {
        view.Status = FakeView.ReadyStatus with
        {
            Ready = false, NotReady = ["no hooks"], Failures = ["Service a/b: lb_backends is full"], Problems = ["Service a/c: no port"],
            Warnings = ["no forwarding"], Canary = new CanaryStatus(false, "no answer", null),
            Source = FakeView.ReadyStatus.Source! with { Error = "refused" },
            Devices =
            [
                new DeviceStatus("eth0", 2, "uplink", "named", null, 1, 2, null, null, "attach failed"),
                new DeviceStatus("eth1", 3, "uplink", "named", "tcx", 1, 2, null, null, null),
            ],
            Drops =
            [
                new ReasonStatus("drop_ct_full", 2, 120, "the map is full", "raise --max-flows") { PacketsSinceStart = 1 },
                new ReasonStatus("drop_no_route", 2, 120, "of before", "look for the route") { PacketsSinceStart = 0 },
                new ReasonStatus("drop_range", 2, 120, "as the rule says", null) { PacketsSinceStart = 2 },
            ],
        };
        view.Verify = view.Verify with
        {
            Equal = false,
            Differences =
            [
                new DifferenceRow("kernel", "10.96.0.1:80", "id", "1", "2", true),
                new DifferenceRow("kernel", "10.96.0.2:80", "id", "1", "2", false),
            ],
        };
        view.History = new OneHistory();
    }

    public void Dispose() => lines.ForEach(l => l.Dispose());

    [Theory]
    [InlineData("status", "Not ready", Red)]
    [InlineData("status", "  - no hooks", Red)]
    [InlineData("status", "Source error", Red)]
    [InlineData("status", "Canary", Red)]
    [InlineData("status", "eth0", Red)]
    [InlineData("status", "eth1", Plain)]
    [InlineData("status", "connect4", Plain)]
    [InlineData("status", "drop_ct_full", Red)]
    [InlineData("status", "drop_no_route", Plain)]
    [InlineData("status", "drop_range", Plain)]
    [InlineData("status", "  - Service a/b", Red)]
    [InlineData("status", "  - Service a/c", Yellow)]
    [InlineData("status", "  - no forwarding", Yellow)]
    [InlineData("services", "default/web", Plain)]
    [InlineData("services", "kube-system/dns", Yellow)]
    [InlineData("services", "  - kube-system/dns", Yellow)]
    [InlineData("history", "2025-01-01T00:00:01.000Z   default/web", Plain)]
    [InlineData("history", "2025-01-01T00:00:01.000Z   default/api", Red)]
    [InlineData("drops", "2025-01-01T00:00:01.000Z   drop_ct_full", Red)]
    [InlineData("drops", "2025-01-01T00:00:02.000Z   drop_range", Plain)]
    [InlineData("drops", "drop_ct_full: ", Red)]
    [InlineData("drops", "drop_range: ", Plain)]
    [InlineData("doctor", "kernel.version ", Plain)]
    [InlineData("doctor", "sysctl.forwarding ", Red)]
    [InlineData("doctor", "leftovers.rules ", Yellow)]
    [InlineData("doctor", "api.server ", Plain)]
    [InlineData("doctor", "1 ok, 1 warning, 1 problem, 1 unknown", Red)]
    [InlineData("verify", "2 differences, 1 of them repaired", Red)]
    [InlineData("verify", "10.96.0.1:80", Yellow)]
    [InlineData("verify", "10.96.0.2:80", Red)]
    public async Task A_line_with_an_error_or_a_warning_has_a_colour(string command, string begin, string color)
    {
        // Too narrow for frames, whose cells are coloured each.
        var output = await OutputAsync(command, width: 20, hasColors: true);

        var found = output.Split('\n').First(l => SelectGraphics().Replace(l, "").StartsWith(begin, StringComparison.Ordinal));
        if (color == Plain) Assert.DoesNotContain('\e', found);
        else Assert.Matches($"^{Regex.Escape(color)}[^\e]+\e\\[0m$", found);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("status", "-o", "wide")]
    [InlineData("services")]
    [InlineData("services", "-o", "wide", "--no-headers")]
    [InlineData("backends")]
    [InlineData("history")]
    [InlineData("drops")]
    [InlineData("doctor")]
    [InlineData("verify")]
    public async Task Elsewhere_the_same_is_said_without_colours(params string[] command)
    {
        var piped = await OutputAsync(command, width: null, hasColors: false);

        Assert.DoesNotContain('\e', piped);
        Assert.Equal(piped, SelectGraphics().Replace(await OutputAsync(command, width: 20, hasColors: true), ""));
        Assert.Equal(piped, await OutputAsync(command, width: 20, hasColors: false));
        // In frames, too, where headings are bold.
        var framed = await OutputAsync(command, width: 300, hasColors: false);
        Assert.DoesNotMatch("\e\\[[0-9;]*3[0-9]", framed);
        Assert.Equal(SelectGraphics().Replace(framed, ""),
            SelectGraphics().Replace(await OutputAsync(command, width: 300, hasColors: true), ""));
    }

    [Theory]
    [InlineData("status")]
    [InlineData("services")]
    [InlineData("backends")]
    [InlineData("history")]
    [InlineData("drops")]
    [InlineData("doctor")]
    [InlineData("verify")]
    public async Task Answers_for_programs_have_no_colours_at_a_terminal_either(string command)
    {
        foreach (var form in new[] { "json", "yaml", "jsonpath={@}" })
        {
            var output = await OutputAsync([command, "-o", form], width: 300, hasColors: true);
            Assert.DoesNotContain('\e', output);
            Assert.Equal(await OutputAsync([command, "-o", form], width: null, hasColors: false), output);
        }
    }

    [Fact]
    public async Task A_row_in_a_frame_is_coloured_cell_by_cell()
    {
        var output = await OutputAsync("services", width: 300, hasColors: true);

        Assert.Contains("╭", output);
        Assert.Contains($"{Yellow}kube-system/dns\e[0m", output);
        Assert.DoesNotContain($"{Yellow}default/web", output);
    }

    [Fact]
    public async Task What_is_followed_is_coloured_as_it_comes()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var line = NewLine(width: 80, hasColors: true);
        var running = line.RunAsync(["drops", "-f"], stop.Token);
        Eventually.True(() => line.OutputLines.Length == 3, "two drops");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.StartsWith($"{Red}2025-01-01T00:00:01.000Z drop_ct_full ", line.OutputLines[0]);
        Assert.StartsWith("2025-01-01T00:00:02.000Z drop_range ", line.OutputLines[1]);

        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watching = NewLine(width: 80, hasColors: true);
        running = watching.RunAsync(["monitor"], end.Token);
        Eventually.True(() => watching.Output.Contains("no forwarding", StringComparison.Ordinal), "the state");
        await end.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Matches("\e\\[31mstate [^ ]+ not ready: no hooks\e\\[0m", watching.Output);
        Assert.Matches("\e\\[33mstate [^ ]+ warning: no forwarding\e\\[0m", watching.Output);
    }

    [Theory]
    [InlineData(false, "xterm-256color", null, true, true)]
    [InlineData(false, "xterm", "", true, true)]
    [InlineData(false, "xterm", "1", true, false)]
    [InlineData(false, "xterm", "0", true, false)]
    [InlineData(false, "dumb", null, false, false)]
    [InlineData(false, "", null, false, false)]
    [InlineData(false, null, null, false, false)]
    [InlineData(true, "xterm", null, false, false)]
    public void Only_a_terminal_that_may_has_colours(bool isRedirected, string? term, string? noColor, bool isPerson, bool hasColors)
        => Assert.Equal((isPerson, hasColors), Terminal.Abilities(isRedirected, name => name == "TERM" ? term : noColor));

    private Task<string> OutputAsync(string command, int? width, bool hasColors) => OutputAsync([command], width, hasColors);

    private async Task<string> OutputAsync(string[] command, int? width, bool hasColors)
    {
        var line = NewLine(width, hasColors);
        await line.RunAsync(command);
        Assert.NotEqual("", line.Output);
        return line.Output;
    }

    private TestCommandLine NewLine(int? width, bool hasColors)
    {
        view.Flows.Drops.Clear();
        view.Flows.Drops.Enqueue(
            new DropsReport(Origin.Agent, 2, [Drop(1, "drop_ct_full", "raise --max-flows"), Drop(2, "drop_range", null)]));
        lines.Add(new TestCommandLine
        {
            Finder = new FakeFinder(view), TerminalWidth = width, TerminalHasColors = hasColors,
            Checks =
            [
                CheckResult.Ok("kernel.version", "6.1"), CheckResult.Problem("sysctl.forwarding", "is 0", "set it"),
                CheckResult.Warning("leftovers.rules", "12 rules", "remove them"), CheckResult.NotKnown("api.server", "not asked"),
            ],
        });
        return lines[^1];
    }

    private static DropRow Drop(int second, string reason, string? advice) => new(
        second, new DateTimeOffset(2025, 1, 1, 0, 0, second, TimeSpan.Zero), reason, "TCP", "192.0.2.1:40000", "10.96.0.1:80", "eth0", 60,
        "default/web", 7, "meaning", advice);

    [GeneratedRegex("\e\\[[0-9;]*m", RegexOptions.None, 1000)]
    private static partial Regex SelectGraphics();

    /// <summary>One plan: of two Services one failed.</summary>
    private sealed class OneHistory : IHistoryView
    {
        public Task<HistoryReport> ReadAsync(HistoryQuery query, CancellationToken cancellationToken) => Task.FromResult(new HistoryReport(
            Origin.Agent,
            [
                new PlanRow(1, new DateTimeOffset(2025, 1, 1, 0, 0, 1, TimeSpan.Zero), "source", false, 1, 2, 3)
                {
                    Changes =
                    [
                        new ServiceChange("default/web", "added", ["1 port"]),
                        new ServiceChange("default/api", "added", []) { Failed = "lb_backends is full" },
                    ],
                },
            ], 1));
    }
}
