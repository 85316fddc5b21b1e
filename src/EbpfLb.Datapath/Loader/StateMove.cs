using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Takes along what programs remember beside flows and sockets when its map is made anew: which client has which backend, the clocks of
/// SNAT ports, ports of datagrams in fragments, who answered an unconnected UDP socket.
/// </summary>
internal sealed class StateMove(MapSet maps)
{
    public static IReadOnlyList<Table> Tables { get; } = [Abi.Tables.Affinity, Abi.Tables.SnatGuard, Abi.Tables.Frags, Abi.Tables.UdpPeer];

    /// <summary>What the old maps have and the new ones have not, or older. Before the programs are switched and after.</summary>
    public void Copy()
    {
        Copy<LbAffKey, LbAff>(Abi.Tables.Affinity, static (old, ours) => old.UsedNs > ours.UsedNs);
        Copy<uint, LbSnatGuard>(Abi.Tables.SnatGuard, static (old, ours) => old.Kind != 0 && (int)(old.Tick - ours.Tick) > 0);
        Copy<LbFragKey, LbFrag>(Abi.Tables.Frags, static (_, _) => false);
        Copy<LbPeer, LbPeerAsked>(Abi.Tables.UdpPeer, static (_, _) => false);
    }

    private void Copy<TKey, TValue>(Table table, Func<TValue, TValue, bool> isNewer)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        if (!maps.Outgrown.TryGetValue(table.Name, out var outgrown)) return;
        using var to = new BpfMap<TKey, TValue>(maps.Take(table));
        foreach (var (key, value) in outgrown.Entries<TKey, TValue>())
        {
            // One by one, since programs write there too. Where there is no room the map forgets by itself.
            if (!to.TryLookup(key, out var ours)) to.TryUpdate(key, value, UpdateMode.NoExist);
            else if (isNewer(value, ours)) to.TryUpdate(key, value, UpdateMode.Exist);
        }
    }
}
