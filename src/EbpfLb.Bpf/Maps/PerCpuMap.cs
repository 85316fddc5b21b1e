using System.Runtime.InteropServices;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>Takes one element of a per-CPU map; <paramref name="values"/> has one value per possible CPU and is reused.</summary>
public delegate void PerCpuVisitor<TKey, TValue>(TKey key, ReadOnlySpan<TValue> values);

/// <summary>A map with a value per possible CPU for each key (per-CPU array, per-CPU hash and its LRU form).</summary>
/// <typeparam name="TKey">Blittable.</typeparam>
/// <typeparam name="TValue">Blittable; the kernel spaces the values of the CPUs by the size rounded up to 8 bytes.</typeparam>
public sealed unsafe class PerCpuMap<TKey, TValue> : IDisposable
    where TKey : unmanaged
    where TValue : unmanaged
{
    private readonly BpfMap map;
    private readonly int stride = (sizeof(TValue) + 7) & ~7;

    /// <summary>A typed view that takes <paramref name="map"/> over (also when this constructor throws).</summary>
    /// <exception cref="BpfLayoutException">The sizes differ, or the map is not one with values per CPU.</exception>
    public PerCpuMap(BpfMap map)
    {
        this.map = map;
        try
        {
            if (!map.Info.IsPerCpu)
                throw new BpfLayoutException("open map", map.Name, $"it is a {map.Info.Type}, without values per CPU");
            map.RequireSizes(sizeof(TKey), sizeof(TValue), $"PerCpuMap<{typeof(TKey).Name}, {typeof(TValue).Name}>");
            CpuCount = PossibleCpus.Count();
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>Possible CPUs: the number of values per key, also of CPUs that are offline.</summary>
    public int CpuCount { get; }

    /// <summary>What the kernel says about the map.</summary>
    public MapInfo Info => map.Info;

    /// <summary>The map's name.</summary>
    public string Name => map.Name;

    /// <summary>The untyped map. Owned by this view.</summary>
    public BpfMap Untyped => map;

    /// <summary>Reads the values of all CPUs; false when the key is missing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">At least <see cref="CpuCount"/> elements.</param>
    public bool TryLookup(in TKey key, Span<TValue> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, CpuCount);
        var raw = new byte[stride * CpuCount];
        int result;
        fixed (TKey* k = &key)
        fixed (byte* v = raw)
            result = LibBpf.bpf_map_lookup_elem_flags(map.Fd, k, v, 0);
        if (result == -(int)Errno.ENOENT)
            return false;
        Check.Result(result, "look up in map", Name);
        Unpack(raw, values);
        return true;
    }

    /// <summary>Writes the values of all CPUs.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">Exactly <see cref="CpuCount"/> elements.</param>
    /// <param name="mode">Create, replace or both.</param>
    public void Update(in TKey key, ReadOnlySpan<TValue> values, UpdateMode mode = UpdateMode.Any)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, CpuCount);
        var raw = new byte[stride * CpuCount];
        for (var cpu = 0; cpu < CpuCount; cpu++)
            MemoryMarshal.Write(raw.AsSpan(cpu * stride), values[cpu]);
        fixed (TKey* k = &key)
        fixed (byte* v = raw)
            Check.Result(LibBpf.bpf_map_update_elem(map.Fd, k, v, (ulong)mode), "update map", Name);
    }

    /// <summary>Removes a key of a hash; false when it was missing.</summary>
    public bool Delete(in TKey key)
    {
        int result;
        fixed (TKey* k = &key)
            result = LibBpf.bpf_map_delete_elem(map.Fd, k);
        if (result == -(int)Errno.ENOENT)
            return false;
        Check.Result(result, "delete from map", Name);
        return true;
    }

    /// <summary>Shows every element to <paramref name="visitor"/>, by batches where the kernel can (arrays: 5.13).</summary>
    /// <param name="visitor">Called once per element.</param>
    /// <param name="batchSize">Elements per system call.</param>
    public void Visit(PerCpuVisitor<TKey, TValue> visitor, int batchSize = 512)
    {
        var values = new TValue[CpuCount];
        var byBatch = BatchReader.TryRead(map, stride * CpuCount, batchSize, (keys, raw, count) =>
        {
            for (var i = 0; i < count; i++)
            {
                Unpack(raw[(i * stride * CpuCount)..], values);
                visitor(MemoryMarshal.Read<TKey>(keys[(i * sizeof(TKey))..]), values);
            }
        });
        if (!byBatch)
            VisitSingly(visitor, values);
    }

    /// <inheritdoc/>
    public void Dispose() => map.Dispose();

    private void VisitSingly(PerCpuVisitor<TKey, TValue> visitor, TValue[] values)
    {
        TKey key = default;
        TKey next;
        for (uint i = 0; i < Info.MaxEntries; i++)
        {
            var result = LibBpf.bpf_map_get_next_key(map.Fd, i == 0 ? null : &key, &next);
            if (result == -(int)Errno.ENOENT)
                return;
            Check.Result(result, "walk map", Name);
            key = next;
            if (TryLookup(key, values))
                visitor(key, values);
        }
    }

    private void Unpack(ReadOnlySpan<byte> raw, Span<TValue> values)
    {
        for (var cpu = 0; cpu < CpuCount; cpu++)
            values[cpu] = MemoryMarshal.Read<TValue>(raw[(cpu * stride)..]);
    }
}
