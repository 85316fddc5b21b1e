namespace EbpfLb.Bpf;

/// <summary>Flags of BPF_MAP_CREATE (uapi linux/bpf.h).</summary>
[Flags]
public enum MapFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>BPF_F_NO_PREALLOC: allocate elements when they are inserted. LPM tries demand it.</summary>
    NoPrealloc = 1 << 0,

    /// <summary>BPF_F_NO_COMMON_LRU: one LRU list per CPU.</summary>
    NoCommonLru = 1 << 1,

    /// <summary>BPF_F_RDONLY: this descriptor may not write.</summary>
    ReadOnly = 1 << 3,

    /// <summary>BPF_F_WRONLY: this descriptor may not read.</summary>
    WriteOnly = 1 << 4,

    /// <summary>BPF_F_ZERO_SEED: hash without a random seed, for tests.</summary>
    ZeroSeed = 1 << 6,

    /// <summary>BPF_F_RDONLY_PROG: programs may not write.</summary>
    ReadOnlyProgram = 1 << 7,

    /// <summary>BPF_F_WRONLY_PROG: programs may not read.</summary>
    WriteOnlyProgram = 1 << 8,

    /// <summary>BPF_F_MMAPABLE: an array that user space may map into memory.</summary>
    Mappable = 1 << 10,

    /// <summary>BPF_F_INNER_MAP: an array whose max_entries may differ from the template of the outer map.</summary>
    InnerMap = 1 << 12,
}
