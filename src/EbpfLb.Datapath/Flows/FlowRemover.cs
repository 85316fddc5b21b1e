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
        if (!map.Delete(request.Key)) return removed;
        CountEnd(request.Phase, request.State.ServiceId);
        return removed + 1;
    }

    /// <summary>Removes both entries whatever happens to them: somebody asked for it.</summary>
    /// <param name="entry">Either of the two, as it was looked up last.</param>
    /// <returns>Whether there was one.</returns>
    public bool RemoveBoth(in FlowEntry entry) => RemoveBoth(entry.Key, entry.SiblingKey, entry.Phase, entry.State.ServiceId);

    /// <inheritdoc cref="RemoveBoth(in FlowEntry)"/>
    public bool RemoveBoth(Flow flow) => RemoveBoth(flow.RequestKey, flow.ReplyKey, flow.Phase, flow.ServiceId);

    private bool RemoveBoth(in FlowKey key, in FlowKey sibling, LbCtPhase phase, uint serviceId)
    {
        if (!(map.Delete(sibling) | map.Delete(key))) return false;
        CountEnd(phase, serviceId);
        return true;
    }

    /// <summary>Programs count a connection that closes when it does.</summary>
    private void CountEnd(LbCtPhase phase, uint serviceId)
    {
        if (phase < LbCtPhase.Closed) map.CountEnd(serviceId);
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
