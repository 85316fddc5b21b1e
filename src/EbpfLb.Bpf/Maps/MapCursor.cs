using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// A walk over a hash with BPF_MAP_LOOKUP_BATCH that may pause between batches, however long. Elements that come or go
/// meanwhile may be seen or not; one that stays all the time is seen once (the kernel walks by bucket, and elements stay in theirs).
/// Where the kernel has no batches (before 5.6) the keys are listed first and looked up one by one.
/// </summary>
public sealed unsafe class MapCursor<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    private readonly BpfMap<TKey, TValue> map;
    private readonly byte[] place;
    private TKey[] keys;
    private TValue[] values;
    private List<TKey>? listed;
    private int count;
    private int passed;
    private bool begun;
    private bool ended;

    internal MapCursor(BpfMap<TKey, TValue> map, int batchSize)
    {
        this.map = map;
        batchSize = (int)Math.Clamp((uint)batchSize, 1, map.Info.MaxEntries);
        keys = new TKey[batchSize];
        values = new TValue[batchSize];
        // Where the kernel goes on: a bucket number for hashes.
        place = new byte[Math.Max(sizeof(ulong), sizeof(TKey))];
    }

    /// <summary>Keys of the present batch.</summary>
    public ReadOnlySpan<TKey> Keys => keys.AsSpan(0, count);

    /// <summary>Values of the present batch.</summary>
    public ReadOnlySpan<TValue> Values => values.AsSpan(0, count);

    /// <summary>Reads the next batch, which may be empty; false when there is none.</summary>
    /// <exception cref="BpfException">Any error but the end of the map.</exception>
    public bool Next()
    {
        count = 0;
        if (ended) return false;
        return listed is null ? NextBatch() : NextListed();
    }

    private bool NextBatch()
    {
        var options = new LibBpf.BpfMapBatchOptions { Size = (nuint)sizeof(LibBpf.BpfMapBatchOptions) };
        while (true)
        {
            var read = (uint)keys.Length;
            Errno errno;
            fixed (byte* p = place)
            fixed (TKey* k = keys)
            fixed (TValue* v = values)
                errno = Check.ErrnoOf(LibBpf.bpf_map_lookup_batch(map.Untyped.Fd, begun ? p : null, p, k, v, &read, &options));
            if (!begun && BatchReader.MayBeUnsupported(errno))
            {
                listed = map.Keys();
                return NextListed();
            }

            if (errno == Errno.ENOSPC)
            {
                // The next bucket holds more than the buffer. Nothing was read and the place is kept.
                keys = new TKey[keys.Length * 2];
                values = new TValue[values.Length * 2];
                continue;
            }

            if (errno is not (Errno.None or Errno.ENOENT)) throw new BpfException(errno, "read map", map.Name);
            begun = true;
            ended = errno == Errno.ENOENT;
            count = (int)read;
            return true;
        }
    }

    private bool NextListed()
    {
        while (passed < listed!.Count && count < keys.Length)
        {
            var key = listed[passed++];
            if (!map.TryLookup(key, out values[count])) continue;
            keys[count++] = key;
        }
        ended = passed == listed.Count;
        return true;
    }
}
