using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Mirroring;

/// <summary>
/// Makes a mirror of tables that an earlier agent left, or somebody else. What is sound keeps its ids: the first plan claims
/// it by its frontends, and is empty when nothing changed. What is not sound (a list that names a missing or foreign
/// backend, lists that overlap, ids out of range, backends without a list) is known to the mirror but not used: the
/// first plan replaces or removes it.
/// </summary>
public static class MirrorLoader
{
    public static Mirror Load(in KernelContent content, TableLimits limits)
    {
        var mirror = new Mirror(limits);
        foreach (var (key, value) in content.Services4) AddEntry(mirror, FrontendKey.From(key), value);
        foreach (var (key, value) in content.Services6) AddEntry(mirror, FrontendKey.From(key), value);
        foreach (var record in mirror.Unclaimed.OrderBy(r => r.Id)) AddList(mirror, record, content);
        AddBackendsWithoutList(mirror, content);
        return mirror;
    }

    private static void AddEntry(Mirror mirror, FrontendKey key, in LbService value)
    {
        if (mirror.ServiceIds.TryReserve(value.Id)) AddUnclaimed(mirror, value.Id);
        mirror.SetEntry(key, value);
    }

    private static PortRecord AddUnclaimed(Mirror mirror, uint id)
    {
        var record = new PortRecord(id);
        mirror.AddRecord(record);
        mirror.Unclaimed.Add(record);
        return record;
    }

    /// <summary>Takes the first sound list among those that the id's entries name.</summary>
    private static void AddList(Mirror mirror, PortRecord record, in KernelContent content)
    {
        foreach (var frontend in record.Frontends)
        {
            mirror.TryGetEntry(frontend, out var value);
            var range = new SlotRange(value.Cluster.First, value.Cluster.Count);
            if (ReadList(mirror, record, frontend, range, content) is not { } ids) continue;
            if (ids.Length == 0 || !mirror.Slots.TryReserve(range.First, range.Count)) continue;
            TakeList(mirror, record, frontend, range, ids, content);
            return;
        }
    }

    /// <summary>The backend ids of a list; null when it is not sound.</summary>
    private static uint[]? ReadList(
        Mirror mirror, PortRecord record, FrontendKey frontend, SlotRange range, in KernelContent content)
    {
        var backendCount = Math.Min(content.Backends.Length, mirror.Limits.MaxBackends);
        if ((ulong)range.First + range.Count > (ulong)content.Slots.Length || !frontend.TryGetFrontend(out var parsed)) return null;
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

    private static void TakeList(
        Mirror mirror, PortRecord record, FrontendKey frontend, SlotRange range, uint[] ids, in KernelContent content)
    {
        frontend.TryGetFrontend(out var parsed);
        var addresses = new BackendAddress[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ref readonly var backend = ref content.Backends[(int)ids[i]];
            addresses[i] = BackendCodec.Address(backend);
            mirror.BackendIds.TryReserve(ids[i]);
            var expected = BackendCodec.Encode(addresses[i], parsed.Protocol, record.Id);
            if (backend != expected) (record.Damaged ??= []).Add(ids[i]);
        }
        record.Addresses = addresses.ToValueList();
        record.BackendIds = ids;
        record.Range = range;
    }

    /// <summary>
    /// Backends of a list that was not sound, or that were written but never listed, or unlisted but not yet cleared.
    /// Their owner's id is taken until they are gone: a memory could still name both.
    /// </summary>
    private static void AddBackendsWithoutList(Mirror mirror, in KernelContent content)
    {
        Dictionary<PortRecord, List<uint>> extras = [];
        var length = Math.Min(content.Backends.Length, mirror.Limits.MaxBackends);
        for (var id = 1u; id < length; id++)
        {
            var owner = content.Backends[(int)id].ServiceId;
            if (owner == 0 || !mirror.BackendIds.TryReserve(id)) continue;
            if (mirror.ServiceIds.TryReserve(owner)) AddUnclaimed(mirror, owner);
            var record = mirror.RecordOf(owner) ?? mirror.Foreign;
            if (!extras.TryGetValue(record, out var list)) extras[record] = list = [];
            list.Add(id);
        }
        foreach (var (record, list) in extras) record.ExtraBackends = [.. list];
    }
}
