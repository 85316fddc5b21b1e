using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>`ebpflb status --wait`.</summary>
public sealed class StatusWaitTests : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly ManualTimeProvider time = new();
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public StatusWaitTests()
    {
        line.Time = time;
        line.Finder = new FakeFinder(view);
        view.Status = FakeView.ReadyStatus with
        {
            Ready = false, NotReady = ["the hooks are not attached", "no plan has been applied yet"],
        };
    }

    public void Dispose() => line.Dispose();

    [Theory]
    [InlineData("--wait")]
    [InlineData("--wait", "30s")]
    [InlineData("--wait=0")]
    public async Task An_agent_that_is_ready_is_answered_at_once(params string[] wait)
    {
        view.Status = FakeView.ReadyStatus;

        Assert.Equal(0, await line.RunAsync(["status", .. wait]));

        Assert.StartsWith("Ready\n", line.Output);
        Assert.Equal("", line.Error);
    }

    [Fact]
    public async Task It_ends_as_soon_as_the_agent_is_ready()
    {
        var running = line.RunAsync("status", "--wait", "10m", "-o", "jsonpath={.ready}");
        await PassAsync(3);
        Assert.False(running.IsCompleted);
        Assert.Equal("", line.Output);
        view.Status = FakeView.ReadyStatus;
        await PassAsync(1);

        Assert.Equal(0, await running);
        Assert.Equal("true", line.Output);
    }

    [Fact]
    public async Task When_the_time_is_over_what_is_missing_is_named()
    {
        var running = line.RunAsync("status", "--wait", "1200ms");
        await PassAsync(2);
        Assert.False(running.IsCompleted);
        await time.WhenTimerIsDueIn(TimeSpan.FromMilliseconds(200));
        time.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal(3, await running);
        Assert.StartsWith("Not ready\n  - the hooks are not attached\n", line.Output);
        Assert.Equal("not ready after 1.2s: the hooks are not attached; no plan has been applied yet\n", line.Error);
    }

    [Fact]
    public async Task Half_a_minute_is_what_it_waits_without_a_time()
    {
        var running = line.RunAsync("status", "--wait", "-o", "json");
        await PassAsync(60);

        Assert.Equal(3, await running);
        Assert.StartsWith("{", line.Output);
        Assert.StartsWith("not ready after 30s: the hooks are not attached", line.Error);
    }

    [Fact]
    public async Task An_agent_that_is_not_there_yet_is_waited_for()
    {
        var finder = new LateFinder();
        line.FinderOf = finder;
        var running = line.RunAsync("status", "--wait");
        await PassAsync(2);
        finder.Failure = new IOException("the socket is closed");
        await PassAsync(2);
        Assert.False(running.IsCompleted);
        view.Status = FakeView.ReadyStatus;
        (finder.Failure, finder.View) = (null, view);
        await PassAsync(1);

        Assert.Equal(0, await running);
        Assert.StartsWith("Ready\n", line.Output);
        Assert.Equal("", line.Error);
    }

    [Fact]
    public async Task Nothing_there_when_the_time_is_over_is_said_with_what_to_do()
    {
        line.FinderOf = new LateFinder();
        Assert.Equal(3, await line.RunAsync("status", "--wait", "0"));
        Assert.StartsWith("not ready after 0s: instance 'default' not found: no agent answers on", line.Error);

        line.FinderOf = new LateFinder { Failure = new IOException("the socket is closed") };
        Assert.Equal(3, await line.RunAsync("status", "--wait", "0"));
        Assert.Contains("not ready after 0s: cannot read instance 'default': the socket is closed", line.Error);
        Assert.Equal("", line.Output);
    }

    [Fact]
    public async Task An_agent_that_does_not_answer_is_not_ready()
    {
        line.FinderOf = new LateFinder { IsSilent = true };
        var running = line.RunAsync("status", "--wait", "1s");
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(3, await running);
        Assert.Equal("not ready after 1s: the agent of instance 'default' does not answer within 5s\n", line.Error);
    }

    [Fact]
    public async Task Who_may_not_look_does_not_wait()
    {
        (line.IsRoot, line.FinderOf) = (false, new LateFinder());
        Assert.Equal(1, await line.RunAsync("status", "--wait", "1h"));
        Assert.Contains("run as root", line.Error);
    }

    [Theory]
    [InlineData("--wait: 'soon' is not a duration", "--wait", "soon")]
    [InlineData("--wait ends when it is ready, and --watch goes on: give one of the two", "--wait", "5s", "--watch")]
    public async Task Wrong_usage_is_said(string said, params string[] options)
    {
        Assert.Equal(2, await line.RunAsync(["status", .. options]));
        Assert.Contains(said, line.Error);
    }

    /// <summary>So many pauses between two looks.</summary>
    private async Task PassAsync(int pauses)
    {
        for (var i = 0; i < pauses; i++)
        {
            await time.WhenTimerIsDueIn(Pause);
            time.Advance(Pause);
        }
    }

    /// <summary>Finds what a test says by then.</summary>
    private sealed class LateFinder : IInstanceFinder
    {
        public IInstanceView? View { get; set; }

        public Exception? Failure { get; set; }

        public bool IsSilent { get; init; }

        public async Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken)
        {
            if (IsSilent) await Task.Delay(Timeout.Infinite, cancellationToken);
            return Failure is null ? View : throw Failure;
        }
    }
}
