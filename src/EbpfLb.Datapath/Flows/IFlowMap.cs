using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>lb_conntrack4 or lb_conntrack6: the kernel's, or one in memory. Programs change the kernel's at any time.</summary>
public interface IFlowMap
{
    IpFamily Family { get; }

    /// <summary>As the kernel shows it.</summary>
    string Name { get; }

    /// <summary>Most entries; a flow takes two.</summary>
    int Capacity { get; }

    /// <summary>
    /// All entries, in batches; the caller may take its time in between. An entry that stays all the time is seen once, one
    /// that comes or goes may be seen or not. The memory of a batch is used again for the next.
    /// </summary>
    IEnumerable<ReadOnlyMemory<FlowEntry>> ReadBatches(int batchSize);

    /// <summary>Where packets of all flows go, requests and replies.</summary>
    IEnumerable<IpAddress> Destinations()
    {
        foreach (var batch in ReadBatches(1024))
            for (var i = 0; i < batch.Length; i++) yield return batch.Span[i].Key.Destination.Address;
    }

    bool TryLookup(in FlowKey key, out FlowEntry entry);

    /// <summary>False when it was not there.</summary>
    bool Delete(in FlowKey key);

    /// <summary>A flow ends that no program saw close.</summary>
    void CountEnd(in FlowOwner owner);

    /// <summary>After <see cref="CountEnd"/>: it goes on.</summary>
    void CountResumed(in FlowOwner owner);

    /// <summary>UDP flows that became conversations so far (LbCtPhase.Open); always 0 where nobody counts.</summary>
    long UdpOpened { get; }

    /// <summary>When so many have become conversations, no more do: they go on as what may be evicted.</summary>
    void LimitUdp(long opened);

    /// <summary>Adds an entry; false when its key is taken or the map is full.</summary>
    bool TryAdd(in FlowEntry entry);
}
