using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// An array map (BPF_F_MMAPABLE, kernel 5.5) as memory: reading and writing an element costs no system call. Each aligned
/// word is written atomically, an element is not: order the writes so that a program never follows a half-written one.
/// </summary>
/// <typeparam name="T">Blittable; its size is a multiple of 8, the distance that the kernel keeps between elements.</typeparam>
public sealed unsafe class MappedArray<T> : IDisposable
    where T : unmanaged
{
    private readonly BpfMap map;
    private readonly MappedMemory memory;

    /// <summary>Maps the array and takes <paramref name="map"/> over (also when this constructor throws).</summary>
    /// <param name="map">An array created with <see cref="MapFlags.Mappable"/>.</param>
    /// <param name="writable">False: writes through <see cref="ReadOnlySpan"/> are impossible, and a frozen map can be mapped.</param>
    /// <exception cref="BpfLayoutException">The size differs, or is no multiple of 8.</exception>
    /// <exception cref="BpfException">
    /// EINVAL: the map is no array, or is not mappable. EPERM: it is frozen. EACCES: it has BPF_F_RDONLY_PROG, so the kernel
    /// maps it for reading only.
    /// </exception>
    public MappedArray(BpfMap map, bool writable = true)
    {
        this.map = map;
        IsWritable = writable;
        try
        {
            RequireMappable(map, writable);
            memory = MappedMemory.Map(map, (nuint)map.Info.MaxEntries * (nuint)sizeof(T), 0, writable);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>Whether elements may be written.</summary>
    public bool IsWritable { get; }

    /// <summary>Elements.</summary>
    public int Length => (int)map.Info.MaxEntries;

    /// <summary>What the kernel says about the map.</summary>
    public MapInfo Info => map.Info;

    /// <summary>The map's name.</summary>
    public string Name => map.Name;

    /// <summary>The untyped map. Owned by this view.</summary>
    public BpfMap Untyped => map;

    /// <summary>All elements, writable. Must not be used after <see cref="Dispose"/>.</summary>
    /// <exception cref="InvalidOperationException">The mapping is read-only (a write would end the process).</exception>
    public Span<T> Span => IsWritable
        ? new Span<T>(Pointer, Length)
        : throw new InvalidOperationException($"{Name} is mapped read-only; map it with writable: true");

    /// <summary>All elements. Must not be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<T> ReadOnlySpan => new(Pointer, Length);

    /// <summary>That the map is an array of such elements, and can be mapped.</summary>
    internal static void RequireMappable(BpfMap map, bool writable)
    {
        map.RequireSizes(sizeof(uint), sizeof(T), $"MappedArray<{typeof(T).Name}>");
        if (sizeof(T) % 8 != 0)
        {
            throw new BpfLayoutException(
                "map into memory", map.Name, $"{typeof(T).Name} has {sizeof(T)} bytes, but the kernel spaces elements by multiples of 8");
        }

        if (map.Info.Type != MapType.Array || !map.Info.Flags.HasFlag(MapFlags.Mappable))
            throw new BpfException(Errno.EINVAL, "map into memory", map.Name, "declare it as an array with BPF_F_MMAPABLE");
        if (writable && map.Info.Flags.HasFlag(MapFlags.ReadOnlyProgram))
        {
            // The verifier takes such a map's content for constant (kernel: bpf_map_mmap()).
            throw new BpfException(
                Errno.EACCES, "map into memory", map.Name,
                "the kernel maps an array with BPF_F_RDONLY_PROG for reading only: drop that flag or map it with writable: false");
        }
    }

    private T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(memory.IsClosed, this);
            return (T*)memory.Address;
        }
    }

    /// <summary>Unmaps. Spans that are still held point to nothing from now on.</summary>
    public void Dispose()
    {
        memory.Dispose();
        map.Dispose();
    }
}
