using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Datapath.Services;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Agent.Tests.Events;

/// <summary>A Service that did not get into the kernel, from the table that is full to its owner.</summary>
public sealed class ProgrammingEventTests
{
    private static readonly ObjectFailure Full = new(new ObjectName("prod", "web"), "writing to lb_services4 failed: the table is full")
    {
        Table = "lb_services4", Error = TableError.TooBig, Reason = FailureReason.Full,
    };

    [Fact]
    public async Task A_full_table_is_an_event_on_the_service_and_a_label_of_the_metric()
    {
        await using var agent = await RunningAgent.StartAsync();
        agent.Dataplane.OnApply = _ => new ApplyOutcome(1, [Full]);
        agent.ApplyNode();

        await Waiting.UntilAsync(() => agent.Server.Events.Any(e => (string?)e["reason"] == "FailedToProgramService"));
        var told = agent.Server.Events.First(e => (string?)e["reason"] == "FailedToProgramService");
        Assert.Equal(("Service", "prod", "web", "Warning"), (
            (string?)told["regarding"]!["kind"], (string?)told["regarding"]!["namespace"], (string?)told["regarding"]!["name"],
            (string?)told["type"]));
        Assert.Contains("lb_services4", (string?)told["note"], StringComparison.Ordinal);
        var metrics = (await agent.GetAsync("metrics", "/metrics")).Body;
        Assert.Matches("ebpflb_plan_failures_total\\{map=\"lb_services4\",reason=\"full\"\\} [1-9]", metrics);
        Assert.Contains("ebpflb_plan_failures_total{map=\"lb_slots\",reason=\"full\"} 0", metrics, StringComparison.Ordinal);
    }
}
