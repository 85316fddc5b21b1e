using System.Threading.Channels;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Events;

/// <summary>
/// Puts events into the log and, where there is an API server, posts them beside everything else: nothing waits for it, and a server that
/// does not take them changes nothing. What repeats is told again after a while, with how often it was.
/// </summary>
/// <param name="writer">null: there is only the log.</param>
/// <param name="node">The own node, which reports them.</param>
internal sealed class EventQueue(IEventWriter? writer, string node, TimeProvider time, ILogger logger) : SupervisedService(
    "events", time, logger), IEventRecorder
{
    private const int Capacity = 64;

    /// <summary>What is remembered in order to tell repetitions.</summary>
    private const int MostRemembered = 1024;

    /// <summary>As client-go: the server may be away for a while, such as when the whole cluster starts.</summary>
    private const int MostTries = 12;
    private const int TriesOfRefused = 2;
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(10);

    /// <summary>As long as client-go holds a series open.</summary>
    private static readonly TimeSpan RepeatPeriod = TimeSpan.FromMinutes(6);

    /// <summary>How long nothing is posted to a server that does not let us; somebody may add the rule meanwhile.</summary>
    private static readonly TimeSpan RefusedPeriod = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<ClusterEvent, Occurrence> known = [];
    private readonly Channel<EventPost> posts = Channel.CreateBounded<EventPost>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private bool refusalLogged;

    public void Record(ClusterEvent clusterEvent)
    {
        EventPost post;
        lock (gate)
        {
            var now = Time.GetUtcNow();
            var before = known.GetValueOrDefault(clusterEvent);
            if (before is null && known.Count >= MostRemembered) Forget();
            if (before is not null && Time.GetElapsedTime(before.ReportedAt) < RepeatPeriod)
            {
                known[clusterEvent] = before with { Count = before.Count + 1 };
                return;
            }
            var occurrence = new Occurrence(before?.First ?? now, Time.GetTimestamp(), (before?.Count ?? 0) + 1);
            known[clusterEvent] = occurrence;
            post = new EventPost(clusterEvent, node, occurrence.First, occurrence.Count, now);
        }
        Log.Event(Logger, clusterEvent.Warning ? LogLevel.Warning : LogLevel.Information, clusterEvent.Subject, clusterEvent.Name,
            clusterEvent.Reason, post.Count, clusterEvent.Note);
        if (writer is not null) posts.Writer.TryWrite(post);
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (writer is null) return;
        await foreach (var post in posts.Reader.ReadAllAsync(stoppingToken))
        {
            if (await PostAsync(writer, post, stoppingToken)) continue;
            await Time.DelayAsync(RefusedPeriod, stoppingToken);
            while (posts.Reader.TryRead(out _))
            {
                // Already logged.
            }
        }
    }

    /// <summary>False: the server does not let us.</summary>
    private async Task<bool> PostAsync(IEventWriter server, EventPost post, CancellationToken stoppingToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await server.WriteAsync(post, stoppingToken);
                refusalLogged = false;
                return true;
            }
            catch (ApiException e) when (e.Failure is ApiFailure.Forbidden or ApiFailure.NotFound)
            {
                if (!refusalLogged) Log.EventsRefused(Logger, e.Message);
                refusalLogged = true;
                return false;
            }
            catch (ApiException e)
            {
                var tries = e.Failure is ApiFailure.ServerError or ApiFailure.BadRequest ? TriesOfRefused : MostTries;
                if (attempt < tries)
                {
                    // What a server asks for is kept to, but not for ever.
                    await Time.DelayAsync(
                        e.RetryAfter is { } asked && asked < RefusedPeriod ? asked : e.RetryAfter is null ? RetryPeriod : RefusedPeriod,
                        stoppingToken);
                    continue;
                }
                Log.EventLost(Logger, post.Event.Reason, e.Message);
                return true;
            }
        }
    }

    private void Forget()
    {
        foreach (var (clusterEvent, _) in known.Where(k => Time.GetElapsedTime(k.Value.ReportedAt) >= RepeatPeriod).ToList())
            known.Remove(clusterEvent);
        // One that goes too early is told once more than it should be; all at once would be told again in a burst.
        if (known.Count >= MostRemembered) known.Remove(known.MinBy(k => k.Value.ReportedAt).Key);
    }

    /// <param name="First">UTC.</param>
    /// <param name="ToldAt">Timestamp of the monotonic clock.</param>
    /// <param name="Count">Up to now, also of those that were not posted.</param>
    private sealed record Occurrence(DateTimeOffset First, long ReportedAt, int Count);
}
