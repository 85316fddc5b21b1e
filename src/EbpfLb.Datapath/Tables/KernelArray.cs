using EbpfLb.Bpf;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>An mmap'ed BPF array as a table that plans are written to: no system call per element.</summary>
internal sealed class KernelArray<T>(MappedWindows<T> array) : IArrayTable<T>, IDisposable
    where T : unmanaged
{
    public string Name => array.Name;

    public int Length => array.Length;

    /// <summary>All of it at once, which the caller closes.</summary>
    public MappedArray<T> MapWhole() => new(array.Untyped.Duplicate(), writable: false);

    public T Read(uint index) => array.Read((int)index);

    public T Peek(uint index) => array.Peek((int)index);

    /// <summary>
    /// Programs follow an element only after its service was flipped, and the flip is a system call: all of this is
    /// visible before it. Flags and owners are aligned words, which are written whole.
    /// </summary>
    public TableError Write(uint index, ReadOnlySpan<T> values)
    {
        if (index + (ulong)values.Length > (ulong)array.Length) return TableError.TooBig;
        try
        {
            array.Write((int)index, values);
            return TableError.None;
        }
        catch (BpfException e)
        {
            return (TableError)(int)e.Errno;
        }
    }

    public void Dispose() => array.Dispose();
}
