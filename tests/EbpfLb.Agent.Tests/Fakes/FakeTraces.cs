using System.Collections.Concurrent;
using EbpfLb.Abi;
using EbpfLb.Datapath.Events;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Traces that a test tells, while they are switched on.</summary>
internal sealed class FakeTraces : ITraceSource
{
    private readonly ConcurrentQueue<LbTrace> told = [];

    /// <summary>Whose flows are traced, and until which tick; null: switched off.</summary>
    public (ulong Services, uint Until)? Wanted { get; private set; }

    /// <summary>How often they were switched off.</summary>
    public int Stops { get; private set; }

    public ulong Lost { get; set; }

    public void Tell(LbTrace record) => told.Enqueue(record);

    public void Trace(ulong services, uint until) => Wanted = (services, until);

    public void Stop()
    {
        Wanted = null;
        Stops++;
    }

    public void Drain(Action<LbTrace> take)
    {
        while (told.TryDequeue(out var record)) take(record);
    }

    public void Dispose()
    {
        // The test goes on holding it.
    }
}
