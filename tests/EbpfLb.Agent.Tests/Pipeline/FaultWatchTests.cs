using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Canary;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Pipeline;

/// <summary>What is looked at each second: said at once where it is asked for, once in the log, and repaired.</summary>
public sealed class FaultWatchTests : IDisposable
{
    private static readonly Difference Missing = new(VerifyStage.Attachment, "link connect4", Difference.Whole, "attached", "detached");

    private readonly CollectedLog log = new();
    private readonly ManualTimeProvider time = new();
    private readonly FakeSource source = new();
    private readonly FakeDataplane dataplane = new();
    private readonly PipelineState state;
    private readonly HookGuard guard;
    private int repairs;

    public FaultWatchTests()
    {
        state = new PipelineState(() => source.Status, new ProxyHealthTracker(time, TimeSpan.FromSeconds(30)),
            nodeRequired: false) { Faults = () => dataplane.FindFaults() };
        guard = new HookGuard(dataplane, state, time, log.Loggers.CreateLogger<HookGuard>()) { RepairMaps = () => repairs++ };
        Assert.True(guard.Check());
        Assert.True(guard.Watch());
    }

    public void Dispose() => log.Dispose();

    [Fact]
    public void A_fault_makes_the_agent_not_ready_by_its_name_and_is_logged_once_until_it_is_repaired()
    {
        dataplane.Faults = () => [Missing];

        Assert.False(guard.Watch());
        Assert.False(guard.Watch());
        Assert.Contains("link connect4: should be attached, is detached; it is being put back", state.Readiness().Reasons);
        Assert.Single(log.Lines, l => l.Contains("Not in force: link connect4: should be attached, is detached"));

        time.Advance(TimeSpan.FromMilliseconds(700));
        dataplane.Faults = () => [];
        Assert.True(guard.Watch());
        Assert.Single(log.Lines, l => l.Contains("In force again after 700 ms"));
        Assert.DoesNotContain(state.Readiness().Reasons, r => r.Contains("connect4"));
    }

    [Fact]
    public void A_check_repairs_and_what_is_left_is_repaired_in_the_maps()
    {
        dataplane.Faults = () => [Missing];
        dataplane.OnRepair = () => dataplane.Faults = () => [];
        guard.Check();
        Assert.Equal(0, repairs);

        dataplane.OnRepair = () => { };
        dataplane.Faults = () => [Missing with { Object = "lb_settings" }];
        guard.Check();
        Assert.Equal(1, repairs);
    }

    [Fact]
    public void A_canary_that_fails_names_what_is_missing_and_not_the_cgroup()
    {
        dataplane.Faults = () => [Missing with { Object = "lb_services4 of the canary" }];
        dataplane.Canary = new CanaryResult(
            false, "the connection left unchanged; check --cgroup-root") { Seen = "the connection left unchanged" };

        Assert.False(guard.Check());

        Assert.Equal(
            "the connection left unchanged, because lb_services4 of the canary: should be attached, is detached; it is being put back",
            state.Hooks.Canary!.Problem);
        Assert.Equal(1, repairs);
    }

    [Fact]
    public void Where_nothing_is_known_to_be_missing_the_canary_sends_to_the_cgroup()
    {
        dataplane.Canary = new CanaryResult(
            false, "the connection left unchanged; check --cgroup-root") { Seen = "the connection left unchanged" };

        Assert.False(guard.Check());

        Assert.Equal("the connection left unchanged; check --cgroup-root", state.Hooks.Canary!.Problem);
    }

    [Fact]
    public void Of_many_faults_the_log_names_five()
    {
        dataplane.Faults = () => [.. Enumerable.Range(1, 8).Select(n => Missing with { Object = $"entry {n}" })];

        Assert.False(guard.Watch());

        Assert.Single(log.Lines, l => l.Contains("entry 5:") && l.Contains("and 3 more") && !l.Contains("entry 6:"));
    }

    [Fact]
    public void What_cannot_be_looked_at_is_a_fault()
    {
        dataplane.Faults = () => throw new IOException("no such device");

        Assert.False(guard.Watch());

        Assert.Contains(log.Lines, l => l.Contains("no such device"));
        Assert.Contains("whether the hooks are in force cannot be told: no such device", state.Readiness().Reasons);
    }
}
