namespace EbpfLb.Bpf;

/// <summary>enum bpf_map_type; the kinds that user space can work with here.</summary>
public enum MapType
{
    /// <summary>BPF_MAP_TYPE_UNSPEC.</summary>
    Unspecified = 0,

    /// <summary>Hash table, preallocated unless <see cref="MapFlags.NoPrealloc"/>.</summary>
    Hash = 1,

    /// <summary>Array with u32 index.</summary>
    Array = 2,

    /// <summary>Tail call targets.</summary>
    ProgArray = 3,

    /// <summary>Perf event buffers.</summary>
    PerfEventArray = 4,

    /// <summary>Hash with one value per CPU.</summary>
    PerCpuHash = 5,

    /// <summary>Array with one value per CPU.</summary>
    PerCpuArray = 6,

    /// <summary>Stack traces.</summary>
    StackTrace = 7,

    /// <summary>Cgroups.</summary>
    CgroupArray = 8,

    /// <summary>Hash that evicts what was used longest ago.</summary>
    LruHash = 9,

    /// <summary>LRU hash with one value per CPU.</summary>
    LruPerCpuHash = 10,

    /// <summary>Longest prefix match.</summary>
    LpmTrie = 11,

    /// <summary>Array of maps; user space writes file descriptors and reads ids.</summary>
    ArrayOfMaps = 12,

    /// <summary>Hash of maps; user space writes file descriptors and reads ids.</summary>
    HashOfMaps = 13,

    /// <summary>Devices for redirect.</summary>
    DevMap = 14,

    /// <summary>Sockets.</summary>
    SockMap = 15,

    /// <summary>CPUs for redirect.</summary>
    CpuMap = 16,

    /// <summary>AF_XDP sockets.</summary>
    XskMap = 17,

    /// <summary>Sockets by key.</summary>
    SockHash = 18,

    /// <summary>First in, first out.</summary>
    Queue = 22,

    /// <summary>Last in, first out.</summary>
    Stack = 23,

    /// <summary>Storage that lives and dies with a socket; user space keys it by a socket's fd.</summary>
    SkStorage = 24,

    /// <summary>Devices by key.</summary>
    DevMapHash = 25,

    /// <summary>Ring buffer, see <see cref="RingBuffer"/>.</summary>
    RingBuf = 27,
}
