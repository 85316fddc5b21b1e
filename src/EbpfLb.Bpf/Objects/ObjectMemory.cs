using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>What opening objects takes: libbpf reads the kernel's types for each, some 12 MiB.</summary>
public static class ObjectMemory
{
    private const int Bytes = 64 << 10;

    /// <summary>
    /// From now on what libbpf frees goes back to the kernel. Else glibc keeps it, for each thread that loaded an object: it raises its own
    /// limits when something large is freed. Concerns the whole process, but not what .NET allocates.
    /// </summary>
    /// <returns>It can be had; not from a C library that is not glibc.</returns>
    public static bool GiveBack() => LibC.mallopt(LibC.M_MMAP_THRESHOLD, Bytes) != 0 && LibC.mallopt(LibC.M_TRIM_THRESHOLD, Bytes) != 0;
}
