using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>Takes <paramref name="count"/> keys and values as they lie in memory.</summary>
internal delegate void BatchVisitor(ReadOnlySpan<byte> keys, ReadOnlySpan<byte> values, int count);

/// <summary>Takes a key and a value as they lie in memory.</summary>
public delegate void RawVisitor(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

/// <summary>Reads a whole map with BPF_MAP_LOOKUP_BATCH.</summary>
internal static unsafe class BatchReader
{
    /// <summary>Shows all elements to <paramref name="visitor"/>; false, before anything was shown, when the kernel cannot.</summary>
    public static bool TryRead(BpfMap map, int valueStride, int batchSize, BatchVisitor visitor)
    {
        var keySize = (int)map.Info.KeySize;
        batchSize = (int)Math.Clamp((uint)batchSize, 1, map.Info.MaxEntries);
        var keys = new byte[batchSize * keySize];
        var values = new byte[batchSize * valueStride];
        // The place where the kernel goes on: a bucket number for hashes, a key for the others.
        var place = stackalloc byte[Math.Max(sizeof(ulong), keySize)];
        var options = new LibBpf.BpfMapBatchOptions { Size = (nuint)sizeof(LibBpf.BpfMapBatchOptions) };
        for (var first = true; ; first = false)
        {
            var count = (uint)(keys.Length / keySize);
            Errno errno;
            fixed (byte* k = keys)
            fixed (byte* v = values)
                errno = Check.ErrnoOf(LibBpf.bpf_map_lookup_batch(map.Fd, first ? null : place, place, k, v, &count, &options));
            if (first && MayBeUnsupported(errno))
                return false;
            if (errno == Errno.ENOSPC)
            {
                // The next bucket of the hash holds more than the buffer. Nothing was read and the place is kept.
                keys = new byte[keys.Length * 2];
                values = new byte[values.Length * 2];
                continue;
            }

            if (errno is not (Errno.None or Errno.ENOENT))
                throw new BpfException(errno, "read map", map.Name);
            visitor(keys, values, (int)count);
            if (errno == Errno.ENOENT)
                return true;
        }
    }

    /// <summary>Answers of kernels without batches (5.6), and of kinds of maps that never got them.</summary>
    public static bool MayBeUnsupported(Errno errno) => errno is Errno.EINVAL or Errno.ENOTSUPP or Errno.EOPNOTSUPP;
}
