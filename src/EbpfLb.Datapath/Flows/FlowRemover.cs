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
        return map.Delete(request.Key) ? removed + 1 : removed;
    }

    /// <summary>Removes both entries whatever happens to them: somebody asked for it.</summary>
    public int RemoveBoth(in FlowKey key, in FlowKey sibling) => (map.Delete(sibling) ? 1 : 0) + (map.Delete(key) ? 1 : 0);

    /// <summary>As the program would have left it that refreshed the request entry: flags and device are its own.</summary>
    private static FlowEntry Refreshed(FlowEntry reply, in FlowEntry request)
    {
        var state = reply.State;
        state.Tick = request.State.Tick;
        state.Phase = request.State.Phase;
        return reply with { State = state };
    }
}
