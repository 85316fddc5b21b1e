using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Mirrors;

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
        var keepers = KeepersOf(content, Math.Min(content.Backends.Length, mirror.Limits.MaxBackends));
        foreach (var record in mirror.Unclaimed.OrderBy(r => r.Id))
            ListLoader.AddLists(mirror, record, keepers.TryGetValue(record.Id, out var ids) ? [.. ids] : [], content);
        AddBackendsWithoutList(mirror, content);
        foreach (var key in content.SourceRanges) AddSource(mirror, key);
        return mirror;
    }

    /// <summary>Backends in no list that keep what they have, by service id.</summary>
    private static Dictionary<uint, List<uint>> KeepersOf(in KernelContent content, int length)
    {
        Dictionary<uint, List<uint>> keepers = [];
        for (var id = 1; id < length; id++)
        {
            ref readonly var backend = ref content.Backends[id];
            if (backend.ServiceId == 0 || (BackendCodec.Lists(backend) & BackendCodec.Stays) != BackendLists.Keeps) continue;
            if (!keepers.TryGetValue(backend.ServiceId, out var ids)) keepers[backend.ServiceId] = ids = [];
            ids.Add((uint)id);
        }
        return keepers;
    }

    private static void AddEntry(Mirror mirror, FrontendKey key, in LbService value)
    {
        Reserve(mirror, value.Id);
        mirror.SetEntry(key, value);
    }

    /// <summary>An id that something found names belongs to a record, so that it is given to nobody before that is gone.</summary>
    internal static void Reserve(Mirror mirror, uint id)
    {
        if (!mirror.ServiceIds.TryReserve(id)) return;
        var record = new PortRecord(id);
        mirror.AddRecord(record);
        mirror.Unclaimed.Add(record);
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
            Reserve(mirror, owner);
            var record = mirror.RecordOf(owner) ?? mirror.Foreign;
            if (!extras.TryGetValue(record, out var list)) extras[record] = list = [];
            list.Add(id);
        }
        foreach (var (record, list) in extras) record.ExtraBackends = [.. list];
    }

    /// <summary>A source range of an id that nobody has takes the id too, so that its next owner does not find it.</summary>
    internal static void AddSource(Mirror mirror, SourceKey key)
    {
        mirror.Sources.Add(key);
        if (mirror.Sources.OwnerOf(key) is not 0 and var owner) Reserve(mirror, owner);
    }
}
