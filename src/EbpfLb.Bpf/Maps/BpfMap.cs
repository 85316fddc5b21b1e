using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// A map of any kind: its descriptor and what the kernel says about it. Typed views (<see cref="BpfMap{TKey, TValue}"/>,
/// <see cref="PerCpuMap{TKey, TValue}"/>, <see cref="MappedArray{T}"/>, <see cref="RingBuffer"/>) are made from one and take it over.
/// The kernel keeps the map while a descriptor, a loaded program or a pin refers to it.
/// </summary>
public sealed class BpfMap : IDisposable
{
    internal BpfMap(BpfFd fd, string nameForErrors)
    {
        Fd = fd;
        try
        {
            Info = MapInfo.Read(fd, nameForErrors);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>The descriptor; owned by this map.</summary>
    public BpfFd Fd { get; }

    /// <summary>What the kernel said about the map when it was opened; it never changes.</summary>
    public MapInfo Info { get; }

    /// <summary>The map's name.</summary>
    public string Name => Info.Name;

    /// <summary>Creates a map of its own, without BTF.</summary>
    /// <exception cref="BpfException">EPERM, EINVAL (a size or flag does not fit the kind), E2BIG, ENOMEM.</exception>
    public static unsafe BpfMap Create(MapSpec spec)
    {
        var options = new LibBpf.BpfMapCreateOptions { Size = (nuint)sizeof(LibBpf.BpfMapCreateOptions), Flags = (uint)spec.Flags };
        return Create(spec, &options);
    }

    /// <summary>Creates an array or hash of maps; <paramref name="inner"/> shows what may be put into it.</summary>
    public static unsafe BpfMap CreateOuter(MapSpec spec, BpfMap inner)
    {
        var options = new LibBpf.BpfMapCreateOptions
        {
            Size = (nuint)sizeof(LibBpf.BpfMapCreateOptions),
            Flags = (uint)spec.Flags,
            InnerMapFd = (uint)inner.Fd.Value,
        };
        var outer = Create(spec, &options);
        GC.KeepAlive(inner);
        return outer;
    }

    /// <summary>Opens a pinned map.</summary>
    /// <param name="path">A path below a bpffs.</param>
    /// <param name="readOnly">Ask for a descriptor that cannot write.</param>
    /// <exception cref="BpfException">ENOENT: no such pin.</exception>
    public static BpfMap OpenPinned(string path, bool readOnly = false) => new(Pin.Open(path, readOnly), path);

    /// <summary>Opens a pinned map with the types of its keys and values.</summary>
    public static BpfMap<TKey, TValue> OpenPinned<TKey, TValue>(string path)
        where TKey : unmanaged
        where TValue : unmanaged => new(OpenPinned(path));

    /// <summary>Opens a map by its kernel id.</summary>
    /// <exception cref="BpfException">ENOENT: it is gone.</exception>
    public static BpfMap OpenId(uint id) =>
        new(new BpfFd(Check.Result(LibBpf.bpf_map_get_fd_by_id(id), "open map by id", id.ToString())), $"id {id}");

    /// <summary>Ids of all maps of this kernel, also those of others.</summary>
    /// <exception cref="BpfException">EPERM: it needs CAP_SYS_ADMIN.</exception>
    public static unsafe IReadOnlyList<uint> Ids()
    {
        List<uint> ids = [];
        uint id = 0;
        while (true)
        {
            var result = LibBpf.bpf_map_get_next_id(id, &id);
            if (result == -(int)Errno.ENOENT)
                return ids;
            Check.Result(result, "list the maps of", "this kernel");
            ids.Add(id);
        }
    }

    /// <summary>Forbids user space to change the map from now on; programs still may.</summary>
    /// <exception cref="BpfException">EBUSY: it is mapped writable or frozen already.</exception>
    public void Freeze() => Check.Result(LibBpf.bpf_map_freeze(Fd), "freeze map", Name);

    /// <summary>Shows all elements of a map whose keys and values have no .NET type. Consistent per element, not as a whole.</summary>
    /// <exception cref="BpfException">EOPNOTSUPP: the kernel reads no batches of this kind of map.</exception>
    public void ReadRaw(RawVisitor visitor)
    {
        var (keySize, valueSize) = ((int)Info.KeySize, (int)Info.ValueSize);
        var done = BatchReader.TryRead(this, valueSize, 4096, (keys, values, count) =>
        {
            for (var i = 0; i < count; i++) visitor(keys.Slice(i * keySize, keySize), values.Slice(i * valueSize, valueSize));
        });
        if (!done) throw new BpfException(Errno.EOPNOTSUPP, "read map", Name);
    }

    /// <summary>A second handle of the same map, with a life of its own.</summary>
    public BpfMap Duplicate() => new(Fd.Duplicate(), Name);

    /// <inheritdoc/>
    public void Dispose() => Fd.Dispose();

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Info.Type}, id {Info.Id})";

    internal void RequireSizes(int keySize, int valueSize, string view)
    {
        if (Info.KeySize == keySize && Info.ValueSize == valueSize)
            return;
        throw new BpfLayoutException(
            "open map", Name,
            $"it has keys of {Info.KeySize} and values of {Info.ValueSize} bytes, but {view} has {keySize} and {valueSize}");
    }

    private static unsafe BpfMap Create(MapSpec spec, LibBpf.BpfMapCreateOptions* options) =>
        new(
            new BpfFd(Check.Result(
                LibBpf.bpf_map_create((uint)spec.Type, spec.Name, spec.KeySize, spec.ValueSize, spec.MaxEntries, options),
                "create map", spec.Name)),
            spec.Name);
}

/// <summary>What a new map is made from.</summary>
/// <param name="Name">At most 15 characters.</param>
/// <param name="Type">Kind of map.</param>
/// <param name="KeySize">Bytes of a key; 0 for ring buffers.</param>
/// <param name="ValueSize">Bytes of a value; 0 for ring buffers.</param>
/// <param name="MaxEntries">Most elements; for ring buffers the bytes, a power of two and a multiple of the page size.</param>
/// <param name="Flags">BPF_F_ flags.</param>
public sealed record MapSpec(
    string Name, MapType Type, uint KeySize, uint ValueSize, uint MaxEntries, MapFlags Flags = MapFlags.None);

/// <summary>Flags of BPF_MAP_UPDATE_ELEM.</summary>
public enum UpdateMode
{
    /// <summary>BPF_ANY: create or replace.</summary>
    Any = 0,

    /// <summary>BPF_NOEXIST: create; EEXIST when the key is there.</summary>
    NoExist = 1,

    /// <summary>BPF_EXIST: replace; ENOENT when the key is missing.</summary>
    Exist = 2,
}
