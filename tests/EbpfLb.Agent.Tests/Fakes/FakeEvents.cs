using System.Collections.Concurrent;
using EbpfLb.Abi;
using EbpfLb.Datapath.Events;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Drops that a test tells.</summary>
internal sealed class FakeEvents : IEventSource
{
    private readonly BlockingCollection<LbEvent> events = [];

    public void Tell(LbEvent record) => events.Add(record);

    public void Read(TimeSpan timeout, Action<LbEvent> take, CancellationToken cancellationToken)
    {
        if (events.TryTake(out var record, (int)timeout.TotalMilliseconds, cancellationToken)) take(record);
    }

    public void Dispose()
    {
        // The test goes on holding it.
    }
}
