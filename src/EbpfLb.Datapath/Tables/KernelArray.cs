using EbpfLb.Bpf;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>An mmap'ed BPF array as a table that plans are written to: no system call per element.</summary>
internal sealed class KernelArray<T>(MappedArray<T> array) : IArrayTable<T>, IDisposable
    where T : unmanaged
{
    public string Name => array.Name;

    public int Length => array.Length;

    public ReadOnlySpan<T> Elements => array.ReadOnlySpan;

    public T Read(uint index) => array.ReadOnlySpan[(int)index];

    /// <summary>
    /// Programs follow an element only after its service was flipped, and the flip is a system call: all of this is
    /// visible before it. Flags and owners are aligned words, which are written whole.
    /// </summary>
    public TableError Write(uint index, ReadOnlySpan<T> values)
    {
        if (index + (ulong)values.Length > (ulong)array.Length) return TableError.TooBig;
        values.CopyTo(array.Span[(int)index..]);
        return TableError.None;
    }

    public void Dispose() => array.Dispose();
}
