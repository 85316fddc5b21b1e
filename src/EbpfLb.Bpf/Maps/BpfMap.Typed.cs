using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>A map with one value per key, whose key and value sizes are those of the .NET types. Thread-safe as the kernel is.</summary>
/// <typeparam name="TKey">Blittable, without hidden padding (the kernel compares bytes).</typeparam>
/// <typeparam name="TValue">Blittable.</typeparam>
public sealed unsafe partial class BpfMap<TKey, TValue> : IDisposable
    where TKey : unmanaged
    where TValue : unmanaged
{
    private readonly BpfMap map;

    /// <summary>A typed view that takes <paramref name="map"/> over (also when this constructor throws).</summary>
    /// <exception cref="BpfLayoutException">The sizes differ, or the map holds values per CPU.</exception>
    public BpfMap(BpfMap map)
    {
        this.map = map;
        try
        {
            if (map.Info.IsPerCpu)
                throw new BpfLayoutException("open map", map.Name, "it holds a value per CPU: open it as PerCpuMap");
            map.RequireSizes(sizeof(TKey), sizeof(TValue), $"BpfMap<{typeof(TKey).Name}, {typeof(TValue).Name}>");
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>What the kernel says about the map.</summary>
    public MapInfo Info => map.Info;

    /// <summary>The map's name.</summary>
    public string Name => map.Name;

    /// <summary>The untyped map: descriptor and pins. Owned by this view.</summary>
    public BpfMap Untyped => map;

    private BpfFd Fd => map.Fd;

    /// <summary>The value of a key, or false when it is missing.</summary>
    /// <exception cref="BpfException">Any error but ENOENT.</exception>
    public bool TryLookup(in TKey key, out TValue value)
    {
        Unsafe.SkipInit(out value);
        int result;
        fixed (TKey* k = &key)
        fixed (TValue* v = &value)
            result = LibBpf.bpf_map_lookup_elem_flags(Fd, k, v, 0);
        return Found(result, "look up in map");
    }

    /// <summary>The value of a key.</summary>
    /// <exception cref="BpfException">ENOENT: the key is missing.</exception>
    public TValue Lookup(in TKey key) =>
        TryLookup(key, out var value) ? value : throw new BpfException(Errno.ENOENT, "look up in map", Name);

    /// <summary>The value of a key, and the key is gone; false when it was missing. Hash kinds only (kernel 5.14).</summary>
    public bool TryTake(in TKey key, out TValue value)
    {
        Unsafe.SkipInit(out value);
        int result;
        fixed (TKey* k = &key)
        fixed (TValue* v = &value)
            result = LibBpf.bpf_map_lookup_and_delete_elem(Fd, k, v);
        return Found(result, "take out of map");
    }

    /// <summary>Writes one element; for the programs it changes atomically (they see the old or the new value).</summary>
    /// <exception cref="BpfException">E2BIG or ENOSPC: full. EEXIST, ENOENT: see <paramref name="mode"/>.</exception>
    public void Update(in TKey key, in TValue value, UpdateMode mode = UpdateMode.Any)
    {
        var errno = TryUpdate(key, value, mode);
        if (errno != Errno.None)
            throw new BpfException(errno, "update map", Name);
    }

    /// <summary>Writes one element and answers with the error number instead of an exception; None when it went in.</summary>
    public Errno TryUpdate(in TKey key, in TValue value, UpdateMode mode = UpdateMode.Any)
    {
        fixed (TKey* k = &key)
        fixed (TValue* v = &value)
            return Check.ErrnoOf(LibBpf.bpf_map_update_elem(Fd, k, v, (ulong)mode));
    }

    /// <summary>Removes a key; false when it was missing. Elements of arrays cannot be removed (EINVAL).</summary>
    public bool Delete(in TKey key)
    {
        var errno = TryDelete(key);
        return errno switch
        {
            Errno.None => true,
            Errno.ENOENT => false,
            _ => throw new BpfException(errno, "delete from map", Name),
        };
    }

    /// <summary>Removes a key and answers with the error number; ENOENT when it was missing.</summary>
    public Errno TryDelete(in TKey key)
    {
        fixed (TKey* k = &key)
            return Check.ErrnoOf(LibBpf.bpf_map_delete_elem(Fd, k));
    }

    /// <summary>
    /// All keys at this moment. A map that changes meanwhile may miss changed keys or repeat some (the kernel starts over
    /// when the key it stands on was deleted); the walk ends after max_entries steps whatever happens.
    /// </summary>
    public List<TKey> Keys()
    {
        List<TKey> keys = [];
        TKey key = default;
        TKey next;
        for (uint i = 0; i < Info.MaxEntries; i++)
        {
            var result = LibBpf.bpf_map_get_next_key(Fd, i == 0 ? null : &key, &next);
            if (!Found(result, "walk map"))
                break;
            keys.Add(next);
            key = next;
        }

        return keys;
    }

    /// <inheritdoc/>
    public void Dispose() => map.Dispose();

    /// <inheritdoc/>
    public override string ToString() => map.ToString();

    private bool Found(int result, string operation)
    {
        if (result == -(int)Errno.ENOENT)
            return false;
        Check.Result(result, operation, Name);
        return true;
    }
}
