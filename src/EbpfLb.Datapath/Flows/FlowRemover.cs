using EbpfLb.Abi;

namespace EbpfLb.Datapath.Flows;

/// <summary>Takes a flow out of its map while programs go on using it: what a packet meets is a whole flow or none.</summary>
internal sealed class FlowRemover(IFlowMap map)
{
    /// <summary>
    /// Removes both entries, the reply's first. A packet of the client that comes in between refreshes the request entry, which
    /// shows: the reply entry is put back then. One that comes still later makes the reply entry again from the request entry,
    /// and the request entry again from that: either entry rebuilds the other.
    /// </summary>
    /// <param name="request">As it was looked up last; a packet since then saves the flow.</param>
    /// <param name="reply">null: it was missing.</param>
    /// <returns>How many entries went; 0 when the flow lives.</returns>
    public int Remove(in FlowEntry request, in FlowEntry? reply)
    {
        var removed = reply is { } other && map.Delete(other.Key) ? 1 : 0;
        if (!map.TryLookup(request.Key, out var now)) return removed;
        if (now.State.Tick != request.State.Tick || now.State.Phase != request.State.Phase)
        {
            if (reply is { } taken) map.TryAdd(Refreshed(taken, now));
            return 0;
        }
        return DeleteCounted(request.Key, null, request.Phase, request.Owner) ? removed + 1 : removed;
    }

    /// <summary>Removes both entries whatever happens to them: somebody asked for it.</summary>
    /// <param name="entry">Either of the two, as it was looked up last.</param>
    /// <returns>Whether there was one.</returns>
    public bool RemoveBoth(in FlowEntry entry) => DeleteCounted(entry.Key, entry.SiblingKey, entry.Phase, entry.Owner);

    /// <inheritdoc cref="RemoveBoth(in FlowEntry)"/>
    public bool RemoveBoth(Flow flow) => DeleteCounted(flow.RequestKey, flow.ReplyKey, flow.Phase, flow.Owner);

    /// <summary>
    /// Programs count a connection that closes when it does. Counted before the entries go: whoever kills this process in between leaves a
    /// count that is too low, which lasts until the backend has no connection, and none that is too high for ever.
    /// </summary>
    private bool DeleteCounted(in FlowKey key, FlowKey? sibling, LbCtPhase phase, in FlowOwner owner)
    {
        var counts = phase < LbCtPhase.Closed;
        if (counts) map.CountEnd(owner);
        if ((sibling is { } other && map.Delete(other)) | map.Delete(key)) return true;
        if (counts) map.CountResumed(owner);
        return false;
    }

    /// <summary>As the program would have left it that refreshed the request entry: flags and device are its own.</summary>
    private static FlowEntry Refreshed(FlowEntry reply, in FlowEntry request)
    {
        var state = reply.State;
        state.Tick = request.State.Tick;
        state.Phase = request.State.Phase;
        return reply with { State = state };
    }
}
