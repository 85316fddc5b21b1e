using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class VerifyCommandTests : IDisposable
{
    private static readonly DifferenceRow Row = new("kernel", "lb_slots 8 of default/web:http/TCP/IPv4", "backend_id", "3", "999", true);

    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public VerifyCommandTests() => line.Finder = new FakeFinder(view);

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Equal_is_0_and_says_what_was_compared()
    {
        Assert.Equal(0, await line.RunAsync("verify"));
        Assert.Equal("Equal", line.OutputLines[0]);
        Assert.Contains(
            line.OutputLines, l => l.StartsWith("kernel", StringComparison.Ordinal) && l.Contains("lb_services4") && l.EndsWith('3'));
        Assert.True(view.Repair);
    }

    [Fact]
    public async Task Differences_are_1_and_told_field_by_field()
    {
        view.Verify = view.Verify with { Equal = false, Differences = [Row] };
        Assert.Equal(1, await line.RunAsync("verify"));
        Assert.Equal("1 differences, 1 of them repaired", line.OutputLines[0]);
        Assert.Contains(line.OutputLines, l => l.Contains("lb_slots 8 of default/web:http/TCP/IPv4   backend_id   3") && l.EndsWith("yes"));
    }

    [Fact]
    public async Task Nothing_found_where_not_all_could_be_compared_is_not_known_and_3()
    {
        view.Verify = view.Verify with { Complete = false, NotCompared = ["api: connection refused"] };
        Assert.Equal(3, await line.RunAsync("verify"));
        Assert.Equal(
            ["Not known: nothing that was compared differs, but not all could be compared", "  - not compared: api: connection refused"],
            line.OutputLines[..2]);
        Assert.Equal(3, await line.RunAsync("verify", "-o", "jsonpath={.equal} {.complete}"));
        Assert.EndsWith("true false", line.Output, StringComparison.Ordinal);

        // What differs does so whatever else there is, and the maps alone are all that can be compared without an agent.
        view.Verify = view.Verify with { Equal = false, Differences = [Row] };
        Assert.Equal(1, await line.RunAsync("verify"));
        view.Verify = view.Verify with { Equal = true, Differences = [], Origin = Origin.Maps };
        Assert.Equal(0, await line.RunAsync("verify"));
    }

    [Fact]
    public async Task A_dry_run_only_looks_and_JSON_has_all_of_it()
    {
        view.Verify = view.Verify with { Equal = false, DryRun = true, Differences = [Row with { Repaired = false }] };
        Assert.Equal(1, await line.RunAsync("verify", "--dry-run", "-o", "json"));
        Assert.False(view.Repair);
        var difference = JsonDocument.Parse(line.Output).RootElement.GetProperty("differences")[0];
        Assert.Equal("999", difference.GetProperty("found").GetString());
        Assert.False(difference.GetProperty("repaired").GetBoolean());
    }
}
