using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Mirrors;

/// <summary>Takes over the lists of a service id that was found, where they are sound.</summary>
internal static class ListLoader
{
    /// <summary>Takes the first sound pair of lists among those that the id's entries name.</summary>
    /// <param name="keepers">Ids of the backends of this service id that are in no list and keep what they have.</param>
    public static void AddLists(Mirror mirror, PortRecord record, uint[] keepers, in KernelContent content)
    {
        foreach (var frontend in record.Frontends)
        {
            // It has no lists, whatever the port has.
            if (frontend.IsAnyPort) continue;
            mirror.TryGetEntry(frontend, out var value);
            var (cluster, local) = (ServiceCodec.Cluster(value), ServiceCodec.Local(value));
            if (Read(mirror, record, frontend, cluster, content) is not { } clusterIds) continue;
            if (Read(mirror, record, frontend, local, content) is not { } localIds) continue;
            var keeperIds = OfFamily(keepers, frontend, content);
            if (clusterIds.Length + localIds.Length + keeperIds.Length == 0 || !TryReserve(mirror, cluster, local)) continue;
            Take(mirror, record, frontend, clusterIds, localIds, keeperIds, content);
            record.Cluster = cluster;
            record.Local = local;
            return;
        }
    }

    private static uint[] OfFamily(uint[] ids, FrontendKey frontend, in KernelContent content)
    {
        if (ids.Length == 0 || !frontend.TryGetFrontend(out var parsed)) return [];
        List<uint> found = [];
        foreach (var id in ids)
            if (BackendCodec.Address(content.Backends[(int)id]).Address.Family == parsed.Address.Family) found.Add(id);
        return [.. found];
    }

    private static bool TryReserve(Mirror mirror, SlotRange cluster, SlotRange local)
    {
        if (cluster.Count > 0 && !mirror.Slots.TryReserve(cluster.First, cluster.Count)) return false;
        if (local.Count == 0 || mirror.Slots.TryReserve(local.First, local.Count)) return true;
        if (cluster.Count > 0) mirror.Slots.Free(cluster.First, cluster.Count);
        return false;
    }

    /// <summary>The backend ids of a list; null when it is not sound.</summary>
    private static uint[]? Read(Mirror mirror, PortRecord record, FrontendKey frontend, SlotRange range, in KernelContent content)
    {
        if (range == default) return [];
        var backendCount = Math.Min(content.Backends.Length, mirror.Limits.MaxBackends);
        if (range.Count == 0 || (ulong)range.First + range.Count > (ulong)content.Slots.Length || !frontend.TryGetFrontend(out var parsed))
            return null;
        var ids = new uint[range.Count];
        BackendAddress last = default;
        for (var i = 0; i < ids.Length; i++)
        {
            var slot = content.Slots[(int)range.First + i];
            if (slot.ServiceId != record.Id || slot.BackendId == 0 || slot.BackendId >= (uint)backendCount) return null;
            ref readonly var backend = ref content.Backends[(int)slot.BackendId];
            var address = BackendCodec.Address(backend);
            if (backend.ServiceId != record.Id || address.Address.Family != parsed.Address.Family) return null;
            // Our lists are ordered by address, without duplicates.
            if (i > 0 && address.CompareTo(last) <= 0) return null;
            last = address;
            ids[i] = slot.BackendId;
        }
        return ids;
    }

    private static void Take(
        Mirror mirror, PortRecord record, FrontendKey frontend, uint[] clusterIds, uint[] localIds, uint[] keeperIds,
        in KernelContent content)
    {
        frontend.TryGetFrontend(out var parsed);
        var isPlain = localIds.Length + keeperIds.Length == 0;
        var ids = isPlain ? clusterIds : Union([.. clusterIds, .. localIds, .. keeperIds], content);
        var inLocal = localIds.ToHashSet();
        var inCluster = isPlain ? null : clusterIds.ToHashSet();
        var backends = new CompiledBackend[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ref readonly var backend = ref content.Backends[(int)ids[i]];
            var flags = BackendCodec.Lists(backend);
            var lists = flags & BackendLists.Local;
            if (inCluster?.Contains(ids[i]) != false) lists |= BackendLists.InCluster;
            if (inLocal.Contains(ids[i])) lists |= BackendLists.InLocal;
            if ((lists & BackendCodec.AnyList) == BackendLists.None) lists |= BackendLists.Keeps;
            backends[i] = new CompiledBackend(BackendCodec.Address(backend), lists);
            mirror.BackendIds.TryReserve(ids[i]);
            var expected = BackendCodec.Encode(backends[i].Address, lists, parsed.Protocol, record.Id);
            if (backend != expected) (record.Damaged ??= []).Add(ids[i], flags);
        }
        record.Backends = backends.ToValueList();
        record.BackendIds = ids;
    }

    /// <summary>The ids of all lists, ordered by address. Two ids with one address are kept both: the next plan lets one go.</summary>
    private static uint[] Union(uint[] mixed, in KernelContent content)
    {
        List<(BackendAddress Address, uint Id)> all = [];
        foreach (var id in mixed.Distinct()) all.Add((BackendCodec.Address(content.Backends[(int)id]), id));
        return [.. all.OrderBy(b => b.Address).ThenBy(b => b.Id).Select(b => b.Id)];
    }
}
