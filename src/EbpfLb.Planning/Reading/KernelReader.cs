using System.Collections.Immutable;
using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirroring;

namespace EbpfLb.Planning.Reading;

/// <summary>Reads the tables as the BPF programs do, for status commands and for tests of what plans did to them.</summary>
public static class KernelReader
{
    /// <summary>All frontends, ordered by address, port and protocol; keys that stand for none come last.</summary>
    public static ImmutableArray<KernelFrontend> Frontends(in KernelContent content)
    {
        List<KernelFrontend> frontends = [];
        foreach (var (key, value) in content.Services4) frontends.Add(Read(FrontendKey.From(key), value, content));
        foreach (var (key, value) in content.Services6) frontends.Add(Read(FrontendKey.From(key), value, content));
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

    private static KernelFrontend Read(FrontendKey key, in LbService value, in KernelContent content)
    {
        var range = new SlotRange(value.Cluster.First, value.Cluster.Count);
        var backends = ImmutableArray.CreateBuilder<KernelBackend>();
        var problem = CheckEntry(key, value);
        for (var i = range.First; problem is null && i < (ulong)range.First + range.Count; i++)
        {
            problem = i < (uint)content.Slots.Length ? CheckSlot(key, value, content.Slots[(int)i], content) : $"slot {i} does not exist";
            if (problem is null) backends.Add(Read(content.Slots[(int)i].BackendId, content.Backends[(int)content.Slots[(int)i].BackendId]));
        }
        return new KernelFrontend(key, value.Id, value.AffinitySec, range, backends.ToImmutable(), problem);
    }

    private static KernelBackend Read(uint id, in LbBackend value)
        => new(id, BackendCodec.Address(value), value.ServiceId, BackendCodec.IsLive(value));

    private static string? CheckEntry(FrontendKey key, in LbService value)
    {
        if (!key.TryGetFrontend(out _)) return "the key is no frontend";
        if (value.Check != key.Check) return "check belongs to another key";
        if (value.Id == 0) return "service id 0";
        return (value.Flags & (uint)LbServiceFlag.Affinity) != 0 == (value.AffinitySec != 0) ? null : "affinity flag and time-out contradict";
    }

    private static string? CheckSlot(FrontendKey key, in LbService value, in LbSlot slot, in KernelContent content)
    {
        if (slot.ServiceId != value.Id) return $"a slot belongs to service {slot.ServiceId}";
        if (slot.BackendId == 0 || slot.BackendId >= (uint)content.Backends.Length) return $"backend {slot.BackendId} does not exist";
        ref readonly var backend = ref content.Backends[(int)slot.BackendId];
        if (backend.ServiceId != value.Id) return $"backend {slot.BackendId} belongs to service {backend.ServiceId}";
        if (!BackendCodec.IsLive(backend)) return $"backend {slot.BackendId} is not LIVE";
        key.TryGetFrontend(out var frontend);
        return backend.Proto == (byte)frontend.Protocol && backend.Family == (byte)key.Table ? null : $"backend {slot.BackendId} has another protocol";
    }
}
