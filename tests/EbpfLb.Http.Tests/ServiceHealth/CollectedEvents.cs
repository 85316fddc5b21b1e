using System.Collections.Concurrent;
using EbpfLb.Model;

namespace EbpfLb.Http.Tests.ServiceHealth;

/// <summary>Keeps events for a test.</summary>
internal sealed class CollectedEvents : IEventRecorder
{
    private readonly ConcurrentQueue<ClusterEvent> all = [];

    public ClusterEvent[] All => [.. all];

    public void Record(ClusterEvent clusterEvent) => all.Enqueue(clusterEvent);
}
