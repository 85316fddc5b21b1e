using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Tests.Flows;

/// <summary>A conntrack map in memory that behaves as the kernel's does, full included. Thread-safe.</summary>
internal sealed class MemoryFlowMap(IpFamily family, int capacity) : IFlowMap
{
    private readonly Lock gate = new();
    private readonly Dictionary<FlowKey, FlowEntry> entries = [];
    private readonly Dictionary<uint, int> ends = [];

    public IpFamily Family => family;

    public string Name => family == IpFamily.IPv4 ? Abi.Tables.Conntrack4.Name : Abi.Tables.Conntrack6.Name;

    public int Capacity => capacity;

    public int Count
    {
        get
        {
            lock (gate) return entries.Count;
        }
    }

    /// <summary>Flows of a service port that <see cref="CountEnd"/> was told of.</summary>
    public int EndsOf(uint serviceId)
    {
        lock (gate) return ends.GetValueOrDefault(serviceId);
    }

    public IEnumerable<ReadOnlyMemory<FlowEntry>> ReadBatches(int batchSize)
    {
        FlowKey[] keys;
        lock (gate) keys = [.. entries.Keys];
        foreach (var chunk in keys.Chunk(batchSize))
        {
            FlowEntry[] batch;
            lock (gate) batch = [.. chunk.Where(entries.ContainsKey).Select(k => entries[k])];
            yield return batch;
        }
    }

    public bool TryLookup(in FlowKey key, out FlowEntry entry)
    {
        lock (gate) return entries.TryGetValue(key, out entry);
    }

    public bool Delete(in FlowKey key)
    {
        lock (gate) return entries.Remove(key);
    }

    public void CountEnd(in FlowOwner owner) => Add(owner.ServiceId, 1);

    public void CountResumed(in FlowOwner owner) => Add(owner.ServiceId, -1);

    private void Add(uint serviceId, int change)
    {
        lock (gate) ends[serviceId] = ends.GetValueOrDefault(serviceId) + change;
    }

    public long UdpOpened { get; set; }

    /// <summary>What <see cref="LimitUdp"/> was told last.</summary>
    public long? UdpLimit { get; private set; }

    public void LimitUdp(long opened) => UdpLimit = opened;

    public bool TryAdd(in FlowEntry entry)
    {
        lock (gate) return entries.Count < capacity && entries.TryAdd(entry.Key, entry);
    }

    /// <summary>Adds or replaces, as a program would that had a packet for this entry.</summary>
    public void Set(in FlowEntry entry)
    {
        lock (gate)
        {
            if (entries.Count >= capacity && !entries.ContainsKey(entry.Key)) throw new InvalidOperationException($"{Name} is full");
            entries[entry.Key] = entry;
        }
    }
}
