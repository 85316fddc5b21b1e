using System.Collections;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Counters;

/// <summary>
/// lb_load: the connections of each backend id, counted by the programs (bpf/lib/lb_load.h), and here for the flows that the agent ends.
/// Takes both maps over. Thread-safe, also beside another process.
/// </summary>
/// <param name="backends">Whose the ids are; only read.</param>
/// <param name="fresh">The map was made now, so no id has counted anything yet.</param>
/// <param name="traffic">What else the ids count; null: nothing. It stays the caller's.</param>
internal sealed class BackendLoadTable(
    MappedWindows<LbLoad> loads, MappedWindows<LbBackend> backends, bool fresh, TrafficTable? traffic = null)
    : IBackendLoads, IDisposable
{
    /// <summary>Ids that may hold counts of an earlier owner: a cold start must not touch the memory of each id.</summary>
    private readonly BitArray used = new(loads.Length, !fresh);

    public static BackendLoadTable OpenPinned(InstancePaths paths) => new(
        new MappedWindows<LbLoad>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Load.Name))),
        new MappedWindows<LbBackend>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Backends.Name)), writable: false), fresh: false);

    public static BackendLoadTable Open(MapSet maps, TrafficTable? traffic = null) => new(
        new MappedWindows<LbLoad>(maps.Take(Abi.Tables.Load)),
            new MappedWindows<LbBackend>(maps.Take(Abi.Tables.Backends), writable: false),
        maps.Created.Contains(Abi.Tables.Load.Name), traffic);

    public void Reset(uint backendId)
    {
        traffic?.ResetBackend(backendId);
        if (backendId >= used.Count) return;
        if (used[(int)backendId]) loads[(int)backendId] = default;
        used[(int)backendId] = true;
    }

    /// <summary>Zeros for an id that the table does not have.</summary>
    public LbLoad Read(uint backendId) => backendId < (uint)loads.Length ? loads.Read((int)backendId) : default;

    /// <summary>
    /// lb_ended() of bpf/lib/lb_load.h: a connection of the backend ended, if the id is still that backend's. Never below 0.
    /// </summary>
    public void CountEnd(in FlowOwner owner)
    {
        if (!IsOwner(owner)) return;
        ref var active = ref loads[(int)owner.BackendId].Active;
        if (Interlocked.Decrement(ref active) == uint.MaxValue) Interlocked.Increment(ref active);
    }

    /// <summary>One that was counted as ended goes on after all.</summary>
    public void CountResumed(in FlowOwner owner)
    {
        if (IsOwner(owner)) Interlocked.Increment(ref loads[(int)owner.BackendId].Active);
    }

    public void Dispose()
    {
        loads.Dispose();
        backends.Dispose();
    }

    private bool IsOwner(in FlowOwner owner)
    {
        if (owner.BackendId >= (uint)Math.Min(loads.Length, backends.Length)) return false;
        var backend = backends.Read((int)owner.BackendId);
        return backend.ServiceId == owner.ServiceId
            && BackendCodec.Address(backend) is var address
            && address.Port == owner.Backend.Port && address.Address == owner.Backend.Address;
    }
}
