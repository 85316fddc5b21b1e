using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Mirrors;

/// <summary>
/// The first and the last address of each family whose other ports are refused: the ranges around all of them follow from these. All keys
/// are walked only after one of the two went.
/// </summary>
internal sealed class RejectedAddresses
{
    private readonly (IpAddress First, IpAddress Last)?[] ends = new (IpAddress First, IpAddress Last)?[2];
    private bool isKnown = true;

    public void Add(FrontendKey key)
    {
        if (!key.IsAnyPort || !key.TryGetFrontend(out var frontend)) return;
        ref var held = ref ends[Index(key.Table)];
        var address = frontend.Address;
        held = held is not { } both ? (address, address)
            : (address.CompareTo(both.First) < 0 ? address : both.First, address.CompareTo(both.Last) > 0 ? address : both.Last);
    }

    public void Remove(FrontendKey key)
    {
        if (!key.IsAnyPort || !key.TryGetFrontend(out var frontend)) return;
        if (ends[Index(key.Table)] is { } held && (held.First == frontend.Address || held.Last == frontend.Address)) isKnown = false;
    }

    /// <param name="keys">Those that are there now.</param>
    public BoundingPrefix Cover(IEnumerable<FrontendKey> keys)
    {
        if (!isKnown)
        {
            Array.Clear(ends);
            foreach (var key in keys) Add(key);
            isKnown = true;
        }
        var all = BoundingPrefix.None;
        foreach (var held in ends)
        {
            if (held is { } both) all = all.With(both.First).With(both.Last);
        }
        return all;
    }

    private static int Index(IpFamily family) => family == IpFamily.IPv4 ? 0 : 1;
}
