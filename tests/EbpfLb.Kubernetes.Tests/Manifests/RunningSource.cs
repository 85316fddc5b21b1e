using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>A source that is being read, and waiting for what it says.</summary>
internal sealed class RunningSource : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource stop = new();
    private readonly Task reading;
    private ClusterSnapshot? latest;

    public RunningSource(ManifestSource source)
    {
        Source = source;
        reading = Task.Run(ReadAsync);
    }

    public ManifestSource Source { get; }

    public ClusterSnapshot? Latest => Volatile.Read(ref latest);

    public int Snapshots { get; private set; }

    public Task<ClusterSnapshot> UntilAsync(Func<ClusterSnapshot, bool> condition) => UntilAsync(condition, _ => true);

    /// <summary>Waits until snapshot and status are both as wanted.</summary>
    public async Task<ClusterSnapshot> UntilAsync(Func<ClusterSnapshot, bool> condition, Func<SourceStatus, bool> status)
    {
        using var timeout = new CancellationTokenSource(Limit);
        while (true)
        {
            if (reading.IsCompleted) await reading;
            if (Latest is { } snapshot && condition(snapshot) && status(Source.Status)) return snapshot;
            Assert.False(timeout.IsCancellationRequested,
                $"not seen in time; services: {string.Join(", ", Latest?.Services.Keys ?? [])}; status: {Source.Status}");
            await Task.Delay(5);
        }
    }

    public async Task UntilStatusAsync(Func<SourceStatus, bool> status)
    {
        using var timeout = new CancellationTokenSource(Limit);
        while (!status(Source.Status))
        {
            Assert.False(timeout.IsCancellationRequested, $"not seen in time; status: {Source.Status}");
            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await reading.ContinueWith(static _ => { }, TaskScheduler.Default);
        stop.Dispose();
    }

    private async Task ReadAsync()
    {
        await foreach (var snapshot in Source.ReadAsync(stop.Token))
        {
            Snapshots++;
            Volatile.Write(ref latest, snapshot);
        }
    }
}
