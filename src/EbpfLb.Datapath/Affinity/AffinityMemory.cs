using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Tables;

namespace EbpfLb.Datapath.Affinity;

/// <summary>
/// lb_affinity as the agent sees it: programs write and read it, the agent only takes out what names a backend that is in no list
/// of its service any more. Ids come round again (after all others had their turn), and then the memory of one Service must not speak for
/// another, nor that of one endpoint for the next.
/// </summary>
internal sealed class AffinityMemory(BpfMap<LbAffKey, LbAff> map, KernelArray<LbBackend> backends, long capacity)
{
    private readonly Lock sync = new();
    private long entries;

    /// <summary>As of the last sweep.</summary>
    public MapFill Fill => new(Abi.Tables.Affinity.Name, Interlocked.Read(ref entries), capacity);

    /// <summary>Returns how many were taken out.</summary>
    public int Sweep()
    {
        lock (sync)
        {
            var (removed, left) = (0, 0L);
            var cursor = map.ReadBatches();
            while (cursor.Next())
            {
                for (var i = 0; i < cursor.Keys.Length; i++)
                {
                    var key = cursor.Keys[i];
                    // Since the batch was read the client may have got another backend, by the same key.
                    if (IsLive(key, cursor.Values[i]) || (map.TryLookup(key, out var now) && IsLive(key, now))) left++;
                    // One by one: a batch would stop where the kernel has forgotten one meanwhile.
                    else if (map.TryDelete(key) == Errno.None) removed++;
                }
            }
            Interlocked.Exchange(ref entries, left);
            return removed;
        }
    }

    private bool IsLive(in LbAffKey key, in LbAff value)
    {
        const uint listed = (uint)(LbBackendFlag.InCluster | LbBackendFlag.InLocal);
        if (value.BackendId >= (uint)backends.Length) return false;
        var backend = backends.Read(value.BackendId);
        return backend.ServiceId == key.ServiceId && (backend.Flags & listed) != 0;
    }
}
