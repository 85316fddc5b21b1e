using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Upgrades;

/// <summary>
/// An agent whose maps have another layout is killed within the switch to it, as by the kernel when memory is short, and a third one takes
/// over: another time of the layout before, another time of that of the one killed. A quarter of a minute for each switch, four for each
/// moment: of twelve moments two, unless EBPFLB_UPGRADE_MOMENTS is `all` (`make upgrade`).
/// </summary>
public sealed class InterruptedUpgradeTests
{
    /// <summary>Where most is at stake: maps get their names, hooks get their own programs.</summary>
    private static readonly int[] Sample = [6, 7];

    private static bool TriesAll => Environment.GetEnvironmentVariable("EBPFLB_UPGRADE_MOMENTS") == "all";

    [Fact]
    public void Killed_anywhere_in_the_switch_to_another_layout_an_agent_cuts_and_moves_nothing()
    {
        using var traffic = new UpgradeTraffic();
        string[] layouts = [TestNode.Binary, Path.Combine(RepositoryPaths.Root, "build", "upgrade", "every", "ebpflb")];
        var now = 0;
        var hooks = traffic.Hooks;

        var moments = Moments(hooks).Where((_, i) => TriesAll || Sample.Contains(i));
        foreach (var (moment, call) in moments)
        {
            traffic.Interrupt(layouts[1 - now], call);
            now = 1 - now;
            traffic.Switch(layouts[now]);
            Assert.True(traffic.Report.IsClean, $"killed {moment}, then the same again: {traffic.Report}\n{traffic.Logs}");

            traffic.Interrupt(layouts[1 - now], call);
            traffic.Switch(layouts[now]);
            Assert.True(traffic.Report.IsClean, $"killed {moment}, then back: {traffic.Report}\n{traffic.Logs}");
        }

        // However often that happens before the switch, no more stands at the hooks than after the first time.
        var targets = 0;
        for (var i = 0; i < 3; i++)
        {
            traffic.Interrupt(layouts[1 - now], Invariant($"update*{hooks},pin*1"));
            if (i == 0) targets = traffic.Targets.Count;
            Assert.Equal(targets, traffic.Targets.Count);
        }
        Assert.NotEqual(0, targets);
        traffic.Switch(layouts[now]);
        Assert.True(traffic.Report.IsClean, $"killed three times before the switch, then back: {traffic.Report}\n{traffic.Logs}");

        // Its successor takes the programs in between away, and the maps that they go on by when none of them runs any more.
        traffic.Interrupt(layouts[1 - now], Invariant($"update*{hooks},wait*1"));
        Assert.NotEmpty(traffic.MapsOfBefore);
        traffic.Switch(layouts[now]);
        Assert.Empty(traffic.MapsOfBefore);
        traffic.Interrupt(layouts[1 - now], Invariant($"update*{hooks + 1}"));
        // All of it was brought along: a second time what has ended since would begin anew.
        Assert.Empty(traffic.MapsOfBefore);
        traffic.Interrupt(layouts[1 - now], Invariant($"update*{hooks},wait*1"));
        Assert.NotEmpty(traffic.Targets);
        traffic.Switch(layouts[1 - now]);
        Assert.Empty(traffic.Targets);
        Assert.True(traffic.Report.IsClean, $"killed again before programs in between were let go: {traffic.Report}\n{traffic.Logs}");
    }

    /// <summary>Where, and the call that the agent does not come to do any more.</summary>
    /// <param name="hooks">Programs in between are put at each of them first (devices, then sockets), then ours (sockets, then
    /// devices).</param>
    private static IEnumerable<(string Moment, string Call)> Moments(int hooks) =>
    [
        ("before anything changed at hooks", "update*1"),
        ("between two devices' hooks", "update*2"),
        ("between two sockets' hooks", Invariant($"update*{hooks - 3}")),
        ("after flows were brought along, before new maps have names", Invariant($"update*{hooks},pin*1")),
        ("when the new map of flows has its name", Invariant($"update*{hooks},pin:maps/lb_ct_pending*1")),
        ("when nearly all new maps have their names", Invariant($"update*{hooks},pin:maps/lb_frags*1")),
        ("when packets went over to the new programs, and sockets did not", Invariant($"update*{hooks},write:lb_switch*2")),
        ("after all went over, before sockets at rest were looked at", Invariant($"update*{hooks},iterate*1")),
        ("after all hooks went over to the new programs, before the late pass", Invariant($"update*{hooks},wait*1")),
        ("before sockets at rest were looked at again", Invariant($"update*{hooks},iterate*2")),
        ("before the first hook got its own program", Invariant($"update*{hooks + 1}")),
        ("when half of the sockets' hooks had their own programs", Invariant($"update*{hooks + 7}")),
    ];

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
