using EbpfLb.Http.Metrics;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Reload;

/// <summary>
/// Watches the configuration file and runs the reload when its text is another one. The kubelet replaces a mounted ConfigMap by swapping
/// the link "..data" of its directory, so the whole directory is listened to; and it is looked at now and then for where nothing is told.
/// </summary>
/// <param name="loaded">The text that is in force: an edit since it was read is a change like any other. null: there was none.</param>
internal sealed class ConfigWatcher(
    string path, string? loaded, Func<bool> reload, ConfigMetrics metrics, TimeProvider time, ILogger logger)
    : SupervisedService("configuration", time, logger)
{
    public static readonly TimeSpan PollPeriod = TimeSpan.FromSeconds(10);

    /// <summary>For the rest of a change to follow.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(100);

    private readonly WakeablePeriod next = new(time);
    private string? known = loaded;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        // Before the first look, so that nothing happens in between.
        using var watcher = Watch();
        while (true)
        {
            var now = TryRead(path);
            if (now != known)
            {
                known = now;
                metrics.RecordReload(reload(), Time.GetUtcNow());
            }
            await next.WaitAsync(PollPeriod, stoppingToken);
            await Time.DelayAsync(Debounce, stoppingToken);
            next.TryTake();
        }
    }

    private FileSystemWatcher? Watch()
    {
        try
        {
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(path))!);
            watcher.Changed += (_, _) => next.Wake();
            watcher.Created += (_, _) => next.Wake();
            watcher.Deleted += (_, _) => next.Wake();
            watcher.Renamed += (_, _) => next.Wake();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            Log.ConfigUnwatched(Logger, path, e.Message, PollPeriod.TotalSeconds);
            return null;
        }
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
