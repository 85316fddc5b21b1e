using System.Runtime.CompilerServices;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// A large array map (BPF_F_MMAPABLE) as memory, a part of it at a time: the kernel maps all pages of a mapping at once and counts them as
/// the process's own, so what nobody uses is not mapped. Else as <see cref="MappedArray{T}"/>. Thread-safe, as far as elements are.
/// </summary>
/// <typeparam name="T">Blittable; its size is a multiple of 8.</typeparam>
public sealed unsafe class MappedWindows<T> : IDisposable
    where T : unmanaged
{
    private const int WindowBytes = 256 << 10;

    private readonly BpfMap map;
    private readonly bool writable;
    private readonly int perWindow;
    private readonly MappedMemory?[] windows;
    private readonly Lock sync = new();
    private MappedMemory? passing;
    private int passingWindow = -1;

    /// <summary>Takes <paramref name="map"/> over (also when this constructor throws).</summary>
    /// <param name="map">An array created with <see cref="MapFlags.Mappable"/>.</param>
    /// <param name="writable">False: elements can be read only.</param>
    /// <exception cref="BpfLayoutException">The size differs, or is no multiple of 8.</exception>
    /// <exception cref="BpfException">The map is no array that can be mapped so.</exception>
    public MappedWindows(BpfMap map, bool writable = true)
    {
        (this.map, this.writable) = (map, writable);
        try
        {
            MappedArray<T>.RequireMappable(map, writable);
            Length = (int)map.Info.MaxEntries;
            // A window ends where an element and a page do.
            perWindow = WindowBytes % sizeof(T) == 0 ? WindowBytes / sizeof(T) : Length;
            windows = new MappedMemory?[(Length + perWindow - 1) / perWindow];
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>Elements.</summary>
    public int Length { get; }

    /// <summary>The map's name.</summary>
    public string Name => map.Name;

    /// <summary>The untyped map. Owned by this view.</summary>
    public BpfMap Untyped => map;

    /// <summary>Of the elements, how many are in memory.</summary>
    public int Mapped => Math.Min(Length, windows.Count(w => w is not null) * perWindow);

    /// <summary>An element, to be written too. Must not be used after <see cref="Dispose"/>.</summary>
    /// <exception cref="InvalidOperationException">The mapping is read-only (a write would end the process).</exception>
    public ref T this[int index]
    {
        get
        {
            if (!writable) throw new InvalidOperationException($"{Name} is mapped read-only; map it with writable: true");
            return ref *At(index);
        }
    }

    /// <summary>An element that is in use: it stays in memory with those around it.</summary>
    public T Read(int index) => *At(index);

    /// <summary>
    /// An element that nobody should use, looked at in passing: it does not stay in memory. Cheap for one index after the other.
    /// </summary>
    public T Peek(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
        var window = index / perWindow;
        if (Volatile.Read(ref windows[window]) is not null) return *At(index);
        lock (sync)
        {
            if (passingWindow != window)
            {
                passing?.Dispose();
                (passing, passingWindow) = (null, -1);
                passing = Map(window, mayWrite: false);
                passingWindow = window;
            }
            return *AddressOf(passing!, index);
        }
    }

    /// <summary>Writes a run of elements.</summary>
    public void Write(int index, ReadOnlySpan<T> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index + (ulong)values.Length, (ulong)Length);
        while (values.Length > 0)
        {
            var run = Math.Min(values.Length, perWindow - (index % perWindow));
            values[..run].CopyTo(new Span<T>(Unsafe.AsPointer(ref this[index]), run));
            index += run;
            values = values[run..];
        }
    }

    /// <summary>Unmaps.</summary>
    public void Dispose()
    {
        lock (sync)
        {
            passing?.Dispose();
            foreach (var window in windows) window?.Dispose();
        }
        map.Dispose();
    }

    private T* At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
        var memory = Volatile.Read(ref windows[index / perWindow]) ?? Keep(index / perWindow);
        return AddressOf(memory, index);
    }

    private T* AddressOf(MappedMemory memory, int index)
    {
        ObjectDisposedException.ThrowIf(memory.IsClosed, this);
        return (T*)memory.Address + (index % perWindow);
    }

    private MappedMemory Keep(int window)
    {
        lock (sync) return windows[window] ??= Map(window, writable);
    }

    private MappedMemory Map(int window, bool mayWrite)
    {
        var first = window * (nint)perWindow;
        return MappedMemory.Map(map, (nuint)(Math.Min(perWindow, Length - first) * sizeof(T)), first * sizeof(T), mayWrite);
    }
}
