using System.Runtime.CompilerServices;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.Pipeline;

public sealed class EarlySourceTests
{
    [Fact]
    public async Task The_first_snapshot_is_read_before_anybody_asks_and_all_of_them_arrive()
    {
        var source = new CountedSource(3);
        await using var early = new EarlySource(source);
        await source.Begun.Task;
        Assert.Equal(1, source.Reads);

        List<ClusterSnapshot> read = [];
        await foreach (var snapshot in early.ReadAsync(TestContext.Current.CancellationToken)) read.Add(snapshot);

        Assert.Equal(source.Given, read);
        Assert.Equal((3, 1, true), (read.Count, source.Reads, source.Ended));
        Assert.Equal("counted", early.Status.Description);
    }

    [Fact]
    public async Task Whoever_reads_ends_it()
    {
        var source = new CountedSource(int.MaxValue);
        await using var early = new EarlySource(source);
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in early.ReadAsync(stop.Token)) await stop.CancelAsync();
        });
        Assert.True(source.Ended);
    }

    [Fact]
    public async Task It_ends_although_nobody_ever_reads()
    {
        var source = new CountedSource(0);
        await using (var early = new EarlySource(source)) await source.Begun.Task;

        Assert.True(source.Ended);
    }

    [Fact]
    public async Task What_the_source_throws_reaches_the_reader()
    {
        await using var early = new EarlySource(new CountedSource(1) { Failure = new InvalidOperationException("no source") });

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in early.ReadAsync(TestContext.Current.CancellationToken)) Assert.Fail("nothing comes");
        });
        Assert.Equal("no source", error.Message);
    }

    /// <summary>Gives so many snapshots; without any it waits to be cancelled.</summary>
    private sealed class CountedSource(int snapshots) : IClusterSource
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Failure { get; init; }

        public int Reads { get; private set; }

        public bool Ended { get; private set; }

        public List<ClusterSnapshot> Given { get; } = [];

        public SourceStatus Status => new("counted", false, null, null);

        public async IAsyncEnumerable<ClusterSnapshot> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Reads++;
            Begun.SetResult();
            try
            {
                if (Failure is not null) throw Failure;
                if (snapshots == 0) await Task.Delay(Timeout.Infinite, cancellationToken);
                for (var i = 0; i < snapshots; i++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Given.Add(new ClusterBuilder().Build());
                    yield return Given[^1];
                }
            }
            finally
            {
                Ended = true;
            }
        }
    }
}
