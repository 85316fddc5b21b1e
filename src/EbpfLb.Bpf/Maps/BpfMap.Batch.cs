using System.Runtime.InteropServices;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

public sealed unsafe partial class BpfMap<TKey, TValue>
{
    /// <summary>
    /// Writes elements in order, with one system call where the kernel can (5.6) and one per element where it cannot:
    /// it knows batches with <see cref="UpdateMode.Any"/> only, and not for every kind of map.
    /// </summary>
    /// <returns>How many went in, and why the next did not (E2BIG: full).</returns>
    public BatchResult UpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values, UpdateMode mode = UpdateMode.Any)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, keys.Length);
        if (keys.IsEmpty)
            return default;
        var count = (uint)keys.Length;
        var errno = Errno.EINVAL;
        if (mode == UpdateMode.Any)
        {
            var options = new LibBpf.BpfMapBatchOptions { Size = (nuint)sizeof(LibBpf.BpfMapBatchOptions) };
            fixed (TKey* k = keys)
            fixed (TValue* v = values)
                errno = Check.ErrnoOf(LibBpf.bpf_map_update_batch(Fd, k, v, &count, &options));
        }

        var done = ProgressOf(errno, count, keys.Length);
        if (!MayBeUnsupported(errno))
            return new BatchResult(done, errno);
        for (; done < keys.Length; done++)
        {
            errno = TryUpdate(keys[done], values[done], mode);
            if (errno != Errno.None)
                return new BatchResult(done, errno);
        }

        return new BatchResult(done, Errno.None);
    }

    /// <summary>Removes keys in order; ends at the first that is missing (ENOENT).</summary>
    /// <returns>How many are gone, and why the next is not.</returns>
    public BatchResult DeleteBatch(ReadOnlySpan<TKey> keys)
    {
        if (keys.IsEmpty)
            return default;
        var count = (uint)keys.Length;
        var options = new LibBpf.BpfMapBatchOptions { Size = (nuint)sizeof(LibBpf.BpfMapBatchOptions) };
        Errno errno;
        fixed (TKey* k = keys)
            errno = Check.ErrnoOf(LibBpf.bpf_map_delete_batch(Fd, k, &count, &options));
        var done = ProgressOf(errno, count, keys.Length);
        if (!MayBeUnsupported(errno))
            return new BatchResult(done, errno);
        for (; done < keys.Length; done++)
        {
            errno = TryDelete(keys[done]);
            if (errno != Errno.None)
                return new BatchResult(done, errno);
        }

        return new BatchResult(done, Errno.None);
    }

    /// <summary>All elements, by batches where the kernel can. Consistent per element, not as a whole.</summary>
    /// <param name="batchSize">Elements per system call.</param>
    public List<KeyValuePair<TKey, TValue>> Entries(int batchSize = 4096)
    {
        List<KeyValuePair<TKey, TValue>> entries = [];
        var byBatch = BatchReader.TryRead(map, sizeof(TValue), batchSize, (keys, values, count) =>
        {
            var k = MemoryMarshal.Cast<byte, TKey>(keys);
            var v = MemoryMarshal.Cast<byte, TValue>(values);
            for (var i = 0; i < count; i++)
                entries.Add(new(k[i], v[i]));
        });
        if (byBatch)
            return entries;
        foreach (var key in Keys())
        {
            if (TryLookup(key, out var value))
                entries.Add(new(key, value));
        }

        return entries;
    }

    /// <summary>Walks over the map in batches, with pauses where the caller likes.</summary>
    /// <param name="batchSize">Elements per system call.</param>
    public MapCursor<TKey, TValue> ReadBatches(int batchSize = 4096) => new(this, batchSize);

    /// <summary>
    /// The kernel writes the number of processed elements back, but a call that it refused before looking at any
    /// (EINVAL for a flag, ENOTSUPP for a kind of map without batches) leaves the number that was passed in.
    /// </summary>
    private static int ProgressOf(Errno errno, uint count, int length) =>
        errno != Errno.None && count >= length ? 0 : (int)count;

    private static bool MayBeUnsupported(Errno errno) => BatchReader.MayBeUnsupported(errno);
}
