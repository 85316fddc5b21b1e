using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Model;

namespace EbpfLb.Agent.Tests.History;

/// <summary>Last changes of Services by plans of agents before, and where they say nothing.</summary>
public sealed class EarlierChangesTests
{
    [Fact]
    public void A_Service_has_the_time_of_the_last_plan_that_names_it()
    {
        Assert.Equal("default/a 3, default/b 2, other/a 1", Of(
            Plan(1, "added default/a", "added other/a"), Plan(2, "added default/b"), Plan(3, "retried default/a")));
    }

    [Fact]
    public void What_was_removed_has_none_and_what_failed_is_as_it_was()
    {
        Assert.Equal("default/b 1", Of(
            Plan(1, "added default/a", "added default/b"), Plan(2, "removed default/a"),
            Plan(3, "changed default/b FAILED", "added default/c FAILED")));
    }

    [Fact]
    public void Behind_a_plan_that_changed_more_than_it_names_nothing_is_known()
    {
        Assert.Equal("default/b 3, default/c 2", Of(
            Plan(1, "added default/a", "added default/b"), Plan(2, "added default/c") with { NotListed = 1 },
            Plan(3, "changed default/b")));
    }

    [Theory]
    [InlineData(0, false, "default/a 1, default/b 3")]
    [InlineData(1, false, "default/b 3")]
    [InlineData(0, true, "default/b 3")]
    public void The_start_of_an_agent_hides_what_was_before_if_it_found_other_tables_or_plans_are_missing(
        int operations, bool isMissing, string expected)
    {
        var start = Plan(2) with { Cause = "start", Operations = operations, PlansMissing = isMissing };

        Assert.Equal(expected, Of(Plan(1, "added default/a"), start, Plan(3, "added default/b")));
    }

    [Fact]
    public void So_does_a_plan_that_did_not_come_to_its_end()
    {
        var broken = Plan(2) with { Programmed = false, Failures = ["InvalidOperationException: broken"] };

        Assert.Equal("default/b 3", Of(Plan(1, "added default/a"), broken, Plan(3, "added default/b")));
    }

    private static string Of(params PlanRow[] plans) => string.Join(", ", EarlierChanges.Of(plans).OrderBy(c => c.Key)
        .Select(c => $"{c.Key} {c.Value.Minute}"));

    /// <param name="changes">"added default/web", with "FAILED" behind it where it was refused.</param>
    private static PlanRow Plan(int number, params string[] changes) => new(
        number, new DateTimeOffset(2025, 1, 1, 12, number, 0, TimeSpan.Zero), "source", true, 1, 1, 1)
    {
        Programmed = !changes.Any(c => c.EndsWith("FAILED", StringComparison.Ordinal)),
        Changes = [.. changes.Select(c => c.Split(' ')).Select(c
            => new ServiceChange(c[1], c[0], []) { Failed = c.Length > 2 ? "the map is full" : null })],
    };
}
