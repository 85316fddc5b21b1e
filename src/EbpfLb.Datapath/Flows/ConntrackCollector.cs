using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// Expires the flows of one map. A flow goes when both its entries are past their life times, looked at once more just before;
/// an entry whose other half is missing goes when it is past its own.
/// </summary>
public sealed class ConntrackCollector(IFlowMap map, ExpiryPolicy policy, TimeProvider time, SweepPacer pacer)
{
    /// <summary>Entries per system call, and between two looks at the clock.</summary>
    private const int BatchSize = 1024;

    private readonly FlowClock clock = new(time);
    private readonly FlowRemover remover = new(map);

    /// <summary>How much of its share UDP had when the last sweep ended.</summary>
    private double conversations;

    /// <summary>How much of the map flows after a RST had then.</summary>
    private double resets;

    public IFlowMap Map => map;

    /// <summary>Walks over the whole map once.</summary>
    /// <param name="fill">How full the map is thought to be, 0 to 1: decides how long idle flows may stay.</param>
    /// <exception cref="Bpf.BpfException">The map cannot be read.</exception>
    public async Task<SweepReport> SweepAsync(double fill, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        // Before: what becomes one meanwhile counts towards the next limit, whether the sweep sees it or not.
        var opened = map.UdpOpened;
        var count = new SweepCount(policy.At(fill, conversations, resets));
        pacer.Begin();
        foreach (var batch in map.ReadBatches(BatchSize))
        {
            SweepBatch(batch.Span, count);
            await pacer.PaceAsync(cancellationToken);
        }
        var most = ExpiryPolicy.MostConversations(map.Capacity);
        map.LimitUdp(opened + Math.Max(most - count.Conversations, 0));
        conversations = (double)count.Conversations / most;
        resets = 2.0 * count.Resets / map.Capacity;
        return new SweepReport(
            map.Family, map.Name, count.Entries, map.Capacity, count.Flows, count.Expired, count.Shrunk, count.Orphans,
            pacer.Work, time.GetElapsedTime(begun));
    }

    private void SweepBatch(ReadOnlySpan<FlowEntry> batch, SweepCount count)
    {
        var now = clock.Now;
        foreach (ref readonly var entry in batch)
        {
            count.Entries++;
            var verdict = count.Table.Judge(entry.Key.Protocol, entry.State, now);
            if (verdict != Expiry.Alive && TryExpire(entry, verdict, now, count)) continue;
            if (!entry.IsReply) count.Add(entry.Key.Protocol, entry.Phase);
        }
    }

    private bool TryExpire(in FlowEntry seen, Expiry verdict, uint now, SweepCount count)
    {
        // Since the batch was read, a packet may have come or the flow may have gone.
        if (!map.TryLookup(seen.Key, out var entry))
        {
            count.Entries--;
            return true;
        }
        if (count.Table.Judge(entry.Key.Protocol, entry.State, now) == Expiry.Alive) return false;
        FlowEntry? sibling = map.TryLookup(entry.SiblingKey, out var other) && other.IsSiblingOf(entry) ? other : null;
        if (sibling is not null)
        {
            var otherVerdict = count.Table.Judge(other, entry, now);
            if (otherVerdict == Expiry.Alive) return false;
            if (otherVerdict == Expiry.Early) verdict = Expiry.Early;
        }
        // A lone reply entry goes as a lone request entry does.
        var removed = sibling is { } reply && entry.IsReply ? remover.Remove(reply, entry) : remover.Remove(entry, sibling);
        if (removed == 0) return false;
        count.Remove(sibling is not null || entry.IsTunnel, verdict);
        return true;
    }

    /// <summary>What a sweep has counted so far.</summary>
    private sealed class SweepCount(ExpiryTable table)
    {
        private readonly int[] phases = new int[(int)LbCtPhase.Reset + 1];

        public ExpiryTable Table => table;

        public int Entries { get; set; }

        public int Expired { get; private set; }

        public int Shrunk { get; private set; }

        public int Orphans { get; private set; }

        public IReadOnlyDictionary<LbCtPhase, int> Flows => Enum.GetValues<LbCtPhase>().ToDictionary(p => p, p => phases[(int)p]);

        /// <summary>UDP flows that are open.</summary>
        public int Conversations { get; private set; }

        public int Resets => phases[(int)LbCtPhase.Reset];

        public void Add(byte protocol, LbCtPhase phase)
        {
            phases[(int)(Enum.IsDefined(phase) ? phase : LbCtPhase.New)]++;
            if (protocol == (byte)TransportProtocol.Udp && phase == LbCtPhase.Open) Conversations++;
        }

        /// <summary>
        /// One entry of the walk, and its other half unless that is missing: the walk meets that no more, or finds it gone.
        /// </summary>
        public void Remove(bool whole, Expiry verdict)
        {
            Entries--;
            if (!whole) Orphans++;
            else if (verdict == Expiry.Early) Shrunk++;
            else Expired++;
        }
    }
}
