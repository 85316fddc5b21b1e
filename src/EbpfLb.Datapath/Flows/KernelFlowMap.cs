using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>A conntrack map in the kernel; takes it over.</summary>
/// <param name="ends">null: nobody counts.</param>
/// <param name="share">null: nobody limits.</param>
internal sealed class KernelFlowMap<TKey, TValue, TCodec>(
    IpFamily family, BpfMap<TKey, TValue> map, FlowEnds? ends, UdpShare? share) : IFlowMap, IDisposable
    where TKey : unmanaged
    where TValue : unmanaged
    where TCodec : IFlowCodec<TKey, TValue>
{
    public IpFamily Family => family;

    public string Name => map.Name;

    public int Capacity => (int)map.Info.MaxEntries;

    public IEnumerable<ReadOnlyMemory<FlowEntry>> ReadBatches(int batchSize)
    {
        var cursor = map.ReadBatches(batchSize);
        FlowEntry[] entries = [];
        while (cursor.Next())
        {
            if (cursor.Keys.Length > entries.Length) entries = new FlowEntry[cursor.Keys.Length];
            for (var i = 0; i < cursor.Keys.Length; i++) entries[i] = TCodec.Decode(cursor.Keys[i], cursor.Values[i]);
            yield return entries.AsMemory(0, cursor.Keys.Length);
        }
    }

    public bool TryLookup(in FlowKey key, out FlowEntry entry)
    {
        var raw = TCodec.Key(key);
        var found = map.TryLookup(raw, out var value);
        entry = found ? TCodec.Decode(raw, value) : default;
        return found;
    }

    public bool Delete(in FlowKey key) => map.Delete(TCodec.Key(key));

    public void CountEnd(in FlowOwner owner) => ends?.Count(owner);

    public void CountResumed(in FlowOwner owner) => ends?.Resume(owner);

    public long UdpOpened => share?.Opened(family) ?? 0;

    public void LimitUdp(long opened) => share?.Limit(family, opened);

    public bool TryAdd(in FlowEntry entry)
    {
        var errno = map.TryUpdate(TCodec.Key(entry.Key), TCodec.Value(entry), UpdateMode.NoExist);
        return errno switch
        {
            Errno.None => true,
            Errno.EEXIST or Errno.E2BIG => false,
            _ => throw new BpfException(errno, "add to map", Name),
        };
    }

    public void Dispose() => map.Dispose();
}

/// <summary>Opens the conntrack maps with their layouts.</summary>
internal static class KernelFlowMap
{
    public static KernelFlowMap<LbCtKey4, LbCt4, FlowCodec4> Open4(BpfMap map, FlowEnds? ends = null, UdpShare? share = null)
        => new(IpFamily.IPv4, new BpfMap<LbCtKey4, LbCt4>(map), ends, share);

    public static KernelFlowMap<LbCtKey6, LbCt6, FlowCodec6> Open6(BpfMap map, FlowEnds? ends = null, UdpShare? share = null)
        => new(IpFamily.IPv6, new BpfMap<LbCtKey6, LbCt6>(map), ends, share);
}

/// <summary>Between the two layouts of conntrack entries and the one of this namespace.</summary>
internal interface IFlowCodec<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    static abstract FlowEntry Decode(in TKey key, in TValue value);

    static abstract TKey Key(in FlowKey key);

    static abstract TValue Value(in FlowEntry entry);
}
