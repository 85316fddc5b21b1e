using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Which flows go along into a conntrack map of another size. Open ones come first, those used last before the others; then half-open
/// ones; then closed ones, which are left out of a smaller map: they only remember, and must not keep new flows out.
/// </summary>
internal sealed class FlowSelection
{
    private readonly List<FlowEntry> entries = [];
    private readonly List<FlowKey> halfOpen = [];
    private readonly List<FlowKey> closed = [];
    private readonly Dictionary<FlowKey, uint> ticks = [];
    private readonly List<FlowOwner> leftOut = [];

    private FlowSelection()
    {
    }

    /// <summary>Entries of the flows that go along, both of a flow side by side.</summary>
    public IReadOnlyList<FlowEntry> Entries => entries;

    /// <summary>Open flows that go along.</summary>
    public int Open { get; private set; }

    /// <summary>Request keys of the half-open flows that go along, the one used longest ago first.</summary>
    public IReadOnlyList<FlowKey> HalfOpen => halfOpen;

    /// <summary>The same of closed flows.</summary>
    public IReadOnlyList<FlowKey> Closed => closed;

    /// <summary>Whose the open and half-open flows are for which there is no room.</summary>
    public IReadOnlyList<FlowOwner> LeftOut => leftOut;

    /// <param name="all">Entries of the map so far, in any order.</param>
    /// <param name="room">Entries that fit into the new one.</param>
    /// <param name="halfOpenRoom">Half-open flows that its ring can name: others could never be evicted.</param>
    /// <param name="closedRoom">The same of closed flows; 0 when the map becomes smaller.</param>
    public static FlowSelection Of(IEnumerable<FlowEntry> all, int room, int halfOpenRoom, int closedRoom)
    {
        var byKey = new Dictionary<FlowKey, FlowEntry>();
        foreach (var entry in all) byKey[entry.Key] = entry;

        var flows = new List<Candidate>();
        foreach (var entry in byKey.Values)
        {
            FlowEntry? sibling = byKey.TryGetValue(entry.SiblingKey, out var other) && other.IsSiblingOf(entry) ? other : null;
            if (!entry.IsReply || sibling is null) flows.Add(new Candidate(entry, sibling));
        }
        flows.Sort(static (a, b) => a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : b.Tick.CompareTo(a.Tick));

        var selection = new FlowSelection();
        foreach (var flow in flows) selection.Add(flow, room, halfOpenRoom, closedRoom);
        selection.halfOpen.Reverse();
        selection.closed.Reverse();
        return selection;
    }

    /// <summary>Whose the open and half-open flows are of the entries from one on, for which there was no room after all.</summary>
    public IEnumerable<FlowOwner> OwnersFrom(int first)
    {
        for (var i = first; i < entries.Count; i++)
        {
            // The other entry of a flow is beside it.
            if (i > first && entries[i].IsSiblingOf(entries[i - 1])) continue;
            if (new Candidate(entries[i], null).Rank != Rank.Closed) yield return entries[i].Owner;
        }
    }

    /// <summary>Tick of the last packet of a flow that goes along and is not open.</summary>
    public uint TickOf(in FlowKey request) => ticks[request];

    private void Add(in Candidate flow, int room, int halfOpenRoom, int closedRoom)
    {
        var ring = flow.Rank switch { Rank.HalfOpen => halfOpen, Rank.Closed => closed, _ => null };
        var hasPlace = ring is null || ring.Count < (flow.Rank == Rank.HalfOpen ? halfOpenRoom : closedRoom);
        if (!hasPlace || entries.Count + flow.Size > room)
        {
            if (flow.Rank != Rank.Closed) leftOut.Add(flow.Entry.Owner);
            return;
        }
        entries.Add(flow.Entry);
        if (flow.Sibling is { } sibling) entries.Add(sibling);
        if (ring is null)
        {
            Open++;
            return;
        }
        var request = flow.Entry.IsReply ? flow.Entry.SiblingKey : flow.Entry.Key;
        ring.Add(request);
        ticks[request] = flow.Tick;
    }

    private enum Rank
    {
        Open,
        HalfOpen,
        Closed,
    }

    /// <summary>A flow by its request entry, or by its reply entry when that is the only one.</summary>
    private readonly record struct Candidate(FlowEntry Entry, FlowEntry? Sibling)
    {
        public int Size => Sibling is null ? 1 : 2;

        public Rank Rank => Entry.Phase switch
        {
            LbCtPhase.Open or LbCtPhase.Closing => Rank.Open,
            LbCtPhase.Closed or LbCtPhase.Reset => Rank.Closed,
            _ => Rank.HalfOpen,
        };

        /// <summary>Of the last packet in either direction.</summary>
        public uint Tick => Math.Max(Entry.State.Tick, Sibling?.State.Tick ?? 0);
    }
}
