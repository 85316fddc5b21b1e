namespace EbpfLb.Planning.Tables;

/// <summary>An array that a plan is written to, in the kernel by mmap. Indexes are below <see cref="Length"/>.</summary>
public interface IArrayTable<T>
    where T : unmanaged
{
    /// <summary>As the kernel shows it, such as "lb_slots".</summary>
    string Name { get; }

    int Length { get; }

    T Read(uint index);

    /// <summary>As <see cref="Read"/>, of an element that should not be in use: it is not kept at hand.</summary>
    T Peek(uint index) => Read(index);

    /// <summary>Writes a run of elements.</summary>
    TableError Write(uint index, ReadOnlySpan<T> values);
}
