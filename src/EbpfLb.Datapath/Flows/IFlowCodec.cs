namespace EbpfLb.Datapath.Flows;

/// <summary>Between the two layouts of conntrack entries and the one of this namespace.</summary>
internal interface IFlowCodec<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    static abstract FlowEntry Decode(in TKey key, in TValue value);

    static abstract TKey Key(in FlowKey key);

    static abstract TValue Value(in FlowEntry entry);
}
