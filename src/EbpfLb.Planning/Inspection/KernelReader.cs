using System.Collections.Immutable;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Inspection;

/// <summary>Reads the tables as the BPF programs do, for status commands and for tests of what plans did to them.</summary>
public static class KernelReader
{
    /// <summary>All frontends, ordered by address, port and protocol; keys that stand for none come last.</summary>
    public static ImmutableArray<KernelFrontend> Frontends(in KernelContent content)
    {
        List<KernelFrontend> frontends = [];
        var sources = content.SourceRanges.Where(k => k.IsSound).ToLookup(k => k.ServiceId);
        foreach (var (key, value) in content.Services4) frontends.Add(Read(FrontendKey.From(key), value, content, sources));
        foreach (var (key, value) in content.Services6) frontends.Add(Read(FrontendKey.From(key), value, content, sources));
        return [.. frontends.OrderBy(f => f.Key)];
    }

    /// <summary>All backends that are not free, ordered by id.</summary>
    public static ImmutableArray<KernelBackend> Backends(in KernelContent content)
    {
        var backends = ImmutableArray.CreateBuilder<KernelBackend>();
        for (var id = 0; id < content.Backends.Length; id++)
        {
            ref readonly var value = ref content.Backends[id];
            if (value.ServiceId != 0) backends.Add(Read((uint)id, value));
        }
        return backends.ToImmutable();
    }

    private static KernelFrontend Read(FrontendKey key, in LbService value, in KernelContent content, ILookup<uint, SourceKey> sources)
    {
        var problem = CheckEntry(key, value);
        var (cluster, local) = (ServiceCodec.Cluster(value), ServiceCodec.Local(value));
        // Its places are for what has begun alone.
        var listed = ServiceCodec.Has(value, LbServiceFlag.Empty) ? default : cluster;
        var backends = ReadList(key, value, listed, BackendLists.InCluster, content, ref problem);
        var localBackends = ReadList(key, value, local, BackendLists.InLocal, content, ref problem);
        ImmutableArray<SourceRange>? allowed = null;
        if (ServiceCodec.Has(value, LbServiceFlag.Ranges))
            allowed = [.. sources[value.Id].Where(k => k.Table == key.Table).Select(k => k.Range).Order()];
        if (allowed is { IsEmpty: true }) problem ??= "restricted to source ranges, but there are none";
        return new KernelFrontend(
            key, value.Id, ServiceCodec.Kind(value), ServiceCodec.Has(value, LbServiceFlag.Local),
            ServiceCodec.Has(value, LbServiceFlag.Remote),
            value.AffinitySec, cluster, backends, local, localBackends, allowed, problem)
        {
            IsOnDevice = ServiceCodec.Has(value, LbServiceFlag.OnDevice),
        };
    }

    private static ImmutableArray<KernelBackend> ReadList(
        FrontendKey key, in LbService value, SlotRange range, BackendLists list, in KernelContent content, ref string? problem)
    {
        // Where weights or a Maglev table are in it a backend stands there more than once.
        var seen = new HashSet<uint>();
        var backends = ImmutableArray.CreateBuilder<KernelBackend>();
        for (var place = 0u; problem is null && place < range.Count; place++)
        {
            if (!content.TryReadPlace(range, place, value.Id, out var slot)) problem = $"place {place} of {range} does not exist";
            else problem = CheckSlot(key, value, slot, list, content);
            if (problem is null && seen.Add(slot.BackendId)) backends.Add(Read(slot.BackendId, content.Backends[(int)slot.BackendId]));
        }
        return backends.ToImmutable();
    }

    private static KernelBackend Read(uint id, in LbBackend value)
        => new(id, BackendCodec.Address(value), value.ServiceId, BackendCodec.Lists(value));

    private static string? CheckEntry(FrontendKey key, in LbService value)
    {
        if (!key.TryGetFrontend(out _)) return "the key is no frontend";
        if (value.Seal != ServiceCodec.Seal(key, value)) return "seal is not that of key and value";
        return value.Id == 0 ? "service id 0" : ServiceCodec.Contradiction(key, value);
    }

    private static string? CheckSlot(FrontendKey key, in LbService value, in LbSlot slot, BackendLists list, in KernelContent content)
    {
        if (slot.ServiceId != value.Id) return $"a slot belongs to service {slot.ServiceId}";
        if (slot.BackendId == 0 || slot.BackendId >= (uint)content.Backends.Length) return $"backend {slot.BackendId} does not exist";
        ref readonly var backend = ref content.Backends[(int)slot.BackendId];
        if (backend.ServiceId != value.Id) return $"backend {slot.BackendId} belongs to service {backend.ServiceId}";
        if (!BackendCodec.Lists(backend).HasFlag(list)) return $"backend {slot.BackendId} is not marked {list}";
        key.TryGetFrontend(out var frontend);
        return backend.Proto == (byte)frontend.Protocol && backend.Family == (byte)key.Table ? null
            : $"backend {slot.BackendId} has another protocol";
    }
}
