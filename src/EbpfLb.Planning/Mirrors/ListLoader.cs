using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Scheduling;
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
            // Of what was written when a flip of several entries was interrupted, the others may name another list.
            var hasPast = cluster.Count > 0 && Has(LbServiceFlag.Untracked, value.Cluster);
            if (hasPast) cluster = cluster with { HasPast = true, HasBetween = Has(LbServiceFlag.Between, value.Cluster) };
            var scheduler = ServiceCodec.SchedulerOf(value);
            record.Layout = new ListLayout(
                scheduler, scheduler == Scheduler.Maglev ? (int)Math.Max(cluster.Count, local.Count) : 0, hasPast);
            var isEmpty = ServiceCodec.Has(value, LbServiceFlag.Empty);
            if ((isEmpty ? [] : Read(mirror, record, frontend, cluster, content)) is not { } clusterIds) continue;
            if (Read(mirror, record, frontend, local, content) is not { } localIds) continue;
            var keeperIds = OfFamily(keepers, frontend, content);
            if (clusterIds.Length + localIds.Length + keeperIds.Length == 0 || !TryReserve(mirror, cluster, local)) continue;
            Take(mirror, record, frontend, clusterIds, localIds, keeperIds, content);
            record.Cluster = cluster;
            record.Local = local;
            var isPastSound = TryReadPast(record, content);
            record.ListsDamaged = !isPastSound || !IsAsComputed(record, cluster, BackendLists.InCluster, content)
                || !IsAsComputed(record, local, BackendLists.InLocal, content);
            if (record.ListsDamaged)
            {
                record.ExtraRanges = [.. record.ExtraRanges, .. new[] { cluster, local }.Where(r => r.Count > 0)];
                (record.Cluster, record.Local) = (default, default);
            }
            return;
        }

        bool Has(LbServiceFlag flag, LbRange list) => record.Frontends.Any(
            f => mirror.TryGetEntry(f, out var entry) && entry.Cluster == list && ServiceCodec.Has(entry, flag));
    }

    /// <summary>
    /// Whether a list of weights is what its layout makes of its backends. That of a Maglev table is left to `verify`: a thousand of them
    /// take
    /// a second, and each of its places leads to a backend of the service.
    /// </summary>
    private static bool IsAsComputed(PortRecord record, SlotRange range, BackendLists list, in KernelContent content)
    {
        if (range.IsMaglev) return range.Count == record.Layout.Places;
        return content.ReadList(range, record.Id) is { } ids
            && record.Layout.Content(record.Backends.AsSpan(), record.BackendIds, list).AsSpan().SequenceEqual(ids);
    }

    /// <summary>Takes over who was at each place before. What is not sound is taken for flows that have entries.</summary>
    private static bool TryReadPast(PortRecord record, in KernelContent content)
    {
        if (!record.Cluster.HasPast) return true;
        if (content.ReadList(record.Cluster.Past, record.Id) is not { } first) return false;
        var between = record.Cluster.HasBetween ? content.ReadList(record.Cluster.Between, record.Id) : null;
        var lives = record.BackendIds.ToHashSet();
        var isSound = record.Cluster.HasBetween == between is not null;
        foreach (ref var id in first.AsSpan())
        {
            if (!MaglevPast.IsBackend(id) || lives.Contains(id)) continue;
            id = MaglevPast.Tracked;
            isSound = false;
        }
        if (between?.Any(id => id != 0 && !lives.Contains(id)) == true) (between, isSound) = (null, false);
        record.Past = first.AsSpan().ContainsAnyExcept(0u) ? new MaglevPast(first, between) : null;
        return isSound;
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
        if (cluster.Count > 0 && !mirror.TableOf(cluster).TryReserve(cluster.First, cluster.Length)) return false;
        if (local.Count == 0 || mirror.TableOf(local).TryReserve(local.First, local.Length)) return true;
        if (cluster.Count > 0) mirror.TableOf(cluster).Free(cluster.First, cluster.Length);
        return false;
    }

    /// <summary>
    /// The backend ids of a list, each once, ordered by address; null when it is not sound. Lists of backends that weigh the same are just
    /// that; in others a backend may stand more than once.
    /// </summary>
    private static uint[]? Read(Mirror mirror, PortRecord record, FrontendKey frontend, SlotRange range, in KernelContent content)
    {
        if (range == default) return [];
        if (range.Count == 0 || (range.IsMaglev && !MaglevTableSize.IsAllowed((int)range.Count))) return null;
        if (!frontend.TryGetFrontend(out var parsed) || content.ReadList(range, record.Id) is not { } ids)
            return null;
        var backendCount = Math.Min(content.Backends.Length, mirror.Limits.MaxBackends);
        var isOrdered = true;
        BackendAddress last = default;
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] == 0 || ids[i] >= (uint)backendCount) return null;
            ref readonly var backend = ref content.Backends[(int)ids[i]];
            var address = BackendCodec.Address(backend);
            if (backend.ServiceId != record.Id || address.Address.Family != parsed.Address.Family) return null;
            isOrdered &= i == 0 || address.CompareTo(last) > 0;
            last = address;
        }
        return isOrdered ? ids : MayRepeat(record.Layout.Scheduler) ? Union(ids, content) : null;
    }

    private static bool MayRepeat(Scheduler scheduler)
        => scheduler is Scheduler.Random or Scheduler.WeightedRoundRobin or Scheduler.SourceHash or Scheduler.Maglev;

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
            var lists = flags & BackendCodec.Traits;
            if (inCluster?.Contains(ids[i]) != false) lists |= BackendLists.InCluster;
            if (inLocal.Contains(ids[i])) lists |= BackendLists.InLocal;
            if ((lists & BackendCodec.AnyList) == BackendLists.None) lists |= BackendLists.Keeps;
            backends[i] = BackendCodec.Decode(backend, lists);
            mirror.BackendIds.TryReserve(ids[i]);
            var expected = BackendCodec.Encode(backends[i], lists, parsed.Protocol, record.Id);
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
