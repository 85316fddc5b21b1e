using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Testing.Time;

namespace EbpfLb.Datapath.Tests.Flows;

/// <summary>A conntrack map with a collector and a clock that a test moves.</summary>
internal sealed class CollectedMap(IFlowMap map) : IDisposable
{
    public IFlowMap Map => map;

    public ManualTimeProvider Time { get; } = new();

    public uint Now => new FlowClock(Time).Now;

    public static CollectedMap Make(string kind, int capacity = 1000) => new(TestFlowMaps.Make(kind, capacity));

    /// <summary>Adds a flow whose last packet was that many seconds ago.</summary>
    public TestFlow Add(TestFlow flow, double idle)
    {
        flow = At(flow, idle);
        flow.AddTo(map);
        return flow;
    }

    public TestFlow At(TestFlow flow, double idle) => flow with { Tick = Now - (uint)Math.Round(idle / FlowClock.Tick.TotalSeconds) };

    public Task<SweepReport> SweepAsync(double fill = 0) => Collector(map).SweepAsync(fill, TestContext.Current.CancellationToken);

    public ConntrackCollector Collector(IFlowMap collected, FlowLifetimes? lifetimes = null)
        => new(collected, new ExpiryPolicy(lifetimes ?? new FlowLifetimes()), Time, new SweepPacer(Time, share: 0.05));

    public void Dispose() => (map as IDisposable)?.Dispose();
}

/// <summary>A map in which something happens between two steps of a sweep.</summary>
internal sealed class DisturbedMap(IFlowMap inner) : IFlowMap
{
    public Action<FlowKey> AfterLookup { get; set; } = _ => { };

    public Action<FlowKey> AfterDelete { get; set; } = _ => { };

    public Action BeforeBatch { get; set; } = () => { };

    public Model.IpFamily Family => inner.Family;

    public string Name => inner.Name;

    public int Capacity => inner.Capacity;

    public IEnumerable<ReadOnlyMemory<FlowEntry>> ReadBatches(int batchSize)
    {
        foreach (var batch in inner.ReadBatches(batchSize))
        {
            BeforeBatch();
            yield return batch;
        }
    }

    public bool TryLookup(in FlowKey key, out FlowEntry entry)
    {
        var found = inner.TryLookup(key, out entry);
        AfterLookup(key);
        return found;
    }

    public void CountEnd(in FlowOwner owner) => inner.CountEnd(owner);

    public void CountResumed(in FlowOwner owner) => inner.CountResumed(owner);

    public long UdpOpened => inner.UdpOpened;

    public void LimitUdp(long opened) => inner.LimitUdp(opened);

    public bool Delete(in FlowKey key)
    {
        var deleted = inner.Delete(key);
        AfterDelete(key);
        return deleted;
    }

    public bool TryAdd(in FlowEntry entry) => inner.TryAdd(entry);
}
