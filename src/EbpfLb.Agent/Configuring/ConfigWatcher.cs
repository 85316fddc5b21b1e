using System.Threading.Channels;
using EbpfLb.Http.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Configuring;

/// <summary>
/// Watches the configuration file and runs the reload when its text is another one. The kubelet replaces a mounted ConfigMap by swapping the
/// link "..data" of its directory, so the whole directory is listened to; and it is looked at now and then for where nothing is told.
/// </summary>
internal sealed class ConfigWatcher(string path, Func<bool> reload, ConfigMetrics metrics, TimeProvider time, ILogger logger) : BackgroundService
{
    public static readonly TimeSpan PollPeriod = TimeSpan.FromSeconds(10);

    /// <summary>For the rest of a change to follow.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(100);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private string? known = TryRead(path);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var watcher = Watch();
        while (!stoppingToken.IsCancellationRequested)
        {
            await WaitAsync(stoppingToken);
            await Task.Delay(Debounce, time, stoppingToken);
            wake.Reader.TryRead(out _);
            var now = TryRead(path);
            if (now == known) continue;
            known = now;
            metrics.RecordReload(reload(), time.GetUtcNow());
        }
    }

    private FileSystemWatcher? Watch()
    {
        try
        {
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(path))!);
            watcher.Changed += (_, _) => Wake();
            watcher.Created += (_, _) => Wake();
            watcher.Deleted += (_, _) => Wake();
            watcher.Renamed += (_, _) => Wake();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            Log.ConfigUnwatched(logger, path, e.Message, PollPeriod.TotalSeconds);
            return null;
        }
    }

    private void Wake() => wake.Writer.TryWrite(true);

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var arrival = wake.Reader.WaitToReadAsync(timer.Token).AsTask();
        await Task.WhenAny(arrival, Task.Delay(PollPeriod, time, timer.Token));
        await timer.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }

    /// <summary>null: not there, which is a change like any other.</summary>
    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
