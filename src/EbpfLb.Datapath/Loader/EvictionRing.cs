using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Names flows in a new lb_ct_pending, so that the programs can evict them (bpf/lib/lb_conntrack.h): a half-open or closed flow that
/// stands in no ring would keep its entries until it expires, and a table full of such drops every new flow.
/// </summary>
internal sealed class EvictionRing : IDisposable
{
    /// <summary>As LB_CT_HALF_OPEN_SHARE: that part of the ring at most is for half-open flows.</summary>
    private const uint HalfOpenShare = 3;

    /// <summary>As LB_CT_PORTS_LEFT.</summary>
    private const int PortsLeft = 4;

    /// <summary>As LB_CT_HALF_OPEN_LEAST.</summary>
    private const int HalfOpenLeast = 1024;

    private readonly BpfMap<uint, LbCtKey6> ring;
    private readonly LbCtCursor cursor;
    private readonly uint halfOpenSize;
    private readonly uint closedSize;
    private int halfOpenUsed;
    private int closedUsed;

    public EvictionRing(MapSet maps)
    {
        ring = new BpfMap<uint, LbCtKey6>(maps.Take(Abi.Tables.CtPending));
        using var cursors = new BpfMap<uint, LbCtCursor>(maps.Take(Abi.Tables.CtCursor));
        cursor = cursors.Lookup(0);
        using var settings = new BpfMap<uint, LbSettings>(maps.Take(Abi.Tables.Settings));
        halfOpenSize = HalfOpenPlaces(ring.Info.MaxEntries, settings.Lookup(0));
        closedSize = ring.Info.MaxEntries - halfOpenSize;
    }

    /// <summary>
    /// As lb_ct_half_open_places(): where the range of source ports is another from now on, a few are in the wrong ring, and expire.
    /// </summary>
    internal static uint HalfOpenPlaces(uint places, in LbSettings settings)
    {
        var ports = settings.SnatPortLast - settings.SnatPortFirst + 1;
        ports -= ports / PortsLeft;
        return ports >= HalfOpenLeast && ports < places / HalfOpenShare ? (uint)ports : places / HalfOpenShare;
    }

    /// <summary>Half-open flows that can still be named.</summary>
    public int HalfOpenRoom => (int)halfOpenSize - halfOpenUsed;

    /// <summary>Closed flows that can still be named.</summary>
    public int ClosedRoom => (int)closedSize - closedUsed;

    /// <summary>Names the half-open and closed flows of the selection.</summary>
    public void Add(FlowSelection selection)
    {
        halfOpenUsed = Add(selection, selection.HalfOpen, 0, halfOpenSize, cursor.HalfOpen, halfOpenUsed);
        closedUsed = Add(selection, selection.Closed, halfOpenSize, closedSize, cursor.Closed, closedUsed);
    }

    public void Dispose() => ring.Dispose();

    /// <summary>Behind the cursor, where programs write next, backwards: what stands right at it is what goes first.</summary>
    private int Add(FlowSelection selection, IReadOnlyList<FlowKey> flows, uint first, uint size, ulong next, int used)
    {
        for (var i = flows.Count - 1; i >= 0; i--)
        {
            used++;
            var key = FlowCodec6.Key(flows[i]);
            key.Pad = (ushort)selection.TickOf(flows[i]);
            ring.Update(first + (uint)((next % size + size - (ulong)used) % size), key);
        }
        return used;
    }
}
