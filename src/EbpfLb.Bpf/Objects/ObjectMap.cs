using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>A map as the object declares it; sizes can be changed until the object is loaded.</summary>
public sealed unsafe class ObjectMap
{
    private readonly BpfObject owner;
    private readonly nint pointer;

    internal ObjectMap(BpfObject owner, nint pointer)
    {
        this.owner = owner;
        this.pointer = pointer;
        Name = BpfObject.Text(LibBpf.bpf_map__name(pointer));
    }

    /// <summary>Name in C (internal maps: with the object's prefix).</summary>
    public string Name { get; }

    /// <summary>Kind of map.</summary>
    public MapType Type => (MapType)LibBpf.bpf_map__type(Live);

    /// <summary>Bytes of a key.</summary>
    public uint KeySize => LibBpf.bpf_map__key_size(Live);

    /// <summary>Bytes of a value.</summary>
    public uint ValueSize => LibBpf.bpf_map__value_size(Live);

    /// <summary>A section of global data (".rodata", ".bss"), not a map that the program declares.</summary>
    public bool IsInternal => LibBpf.bpf_map__is_internal(Live) != 0;

    /// <summary>Most elements.</summary>
    public uint MaxEntries
    {
        get => LibBpf.bpf_map__max_entries(Live);
        set => Before("resize map", LibBpf.bpf_map__set_max_entries(Live, value));
    }

    /// <summary>BPF_F_ flags.</summary>
    public MapFlags Flags
    {
        get => (MapFlags)LibBpf.bpf_map__map_flags(Live);
        set => Before("set flags of map", LibBpf.bpf_map__set_map_flags(Live, (uint)value));
    }

    /// <summary>False: loading does not create this map (no program that is loaded may use it).</summary>
    public bool AutoCreate
    {
        set => Before("set creation of map", LibBpf.bpf_map__set_autocreate(Live, value ? (byte)1 : (byte)0));
    }

    /// <summary>Programs will use this existing map instead of a new one. libbpf takes a descriptor of its own.</summary>
    /// <exception cref="BpfLayoutException">Kind or sizes differ from what the object declares.</exception>
    public void Reuse(BpfMap existing)
    {
        owner.RequireLoaded(false, "reuse map", Name);
        var info = existing.Info;
        if (info.Type != Type || info.KeySize != KeySize || info.ValueSize != ValueSize)
        {
            throw new BpfLayoutException(
                "reuse map", Name,
                $"the existing one is {info.Type} with {info.KeySize}+{info.ValueSize} "
                    + $"bytes, the object wants {Type} with {KeySize}+{ValueSize}");
        }

        Check.Result(LibBpf.bpf_map__reuse_fd(pointer, existing.Fd), "reuse map", Name);
    }

    /// <summary>
    /// The same with a map whose keys and values have other sizes than the object declares: programs must not look further than it goes.
    /// </summary>
    /// <exception cref="BpfLayoutException">It is of another kind.</exception>
    public void ReuseOfAnySize(BpfMap existing)
    {
        owner.RequireLoaded(false, "reuse map", Name);
        if (existing.Info.Type != Type)
            throw new BpfLayoutException("reuse map", Name, $"the existing one is {existing.Info.Type}, the object wants {Type}");
        Check.Result(LibBpf.bpf_map__reuse_fd(pointer, existing.Fd), "reuse map", Name);
    }

    /// <summary>For an array or hash of maps: what its elements look like.</summary>
    public void SetInner(BpfMap template)
    {
        owner.RequireLoaded(false, "set inner map of", Name);
        Check.Result(LibBpf.bpf_map__set_inner_map_fd(pointer, template.Fd), "set inner map of", Name);
    }

    /// <summary>A handle of its own to the map of the loaded object.</summary>
    public BpfMap Open()
    {
        owner.RequireLoaded(true, "open map", Name);
        return new BpfMap(BpfFd.Duplicate(Check.Result(LibBpf.bpf_map__fd(pointer), "open map", Name)), Name);
    }

    /// <summary>What an internal map starts with; writing it changes the programs' constants.</summary>
    internal Span<byte> InitialValue
    {
        get
        {
            owner.RequireLoaded(false, "set constants of", Name);
            nuint size;
            var bytes = LibBpf.bpf_map__initial_value(pointer, &size);
            return bytes == null ? [] : new Span<byte>(bytes, (int)size);
        }
    }

    private nint Live
    {
        get
        {
            ObjectDisposedException.ThrowIf(owner.Handle.IsClosed, owner);
            return pointer;
        }
    }

    private void Before(string operation, int result)
    {
        if (result == -(int)Errno.EBUSY)
            owner.RequireLoaded(false, operation, Name);
        Check.Result(result, operation, Name);
    }
}
