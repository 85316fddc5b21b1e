using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf.Btf;

/// <summary>
/// Type information that libbpf has: of an object that it opened, or of the kernel's for maps and programs that were loaded with it.
/// </summary>
public static class LoadedBtf
{
    /// <summary>Reads it by its id (<see cref="MapInfo.BtfId"/>).</summary>
    /// <returns>null: there is none, or this process may not read it (CAP_SYS_ADMIN).</returns>
    public static BtfTypes? TryRead(uint id)
    {
        if (id == 0) return null;
        var btf = LibBpf.btf__load_from_kernel_by_id(id);
        if (btf == 0) return null;
        try
        {
            return Read(btf);
        }
        finally
        {
            LibBpf.btf__free(btf);
        }
    }

    /// <summary>That of an object; libbpf has put the places of its variables in, which the compiler leaves open.</summary>
    /// <exception cref="BpfException">LibbpfFormat: it has none.</exception>
    internal static BtfTypes Of(BpfObjectHandle handle, string name)
        => LibBpf.bpf_object__btf(handle) is var btf and not 0 && Read(btf) is { } types
            ? types
            : throw new BpfException(Errno.LibbpfFormat, "read BTF of", name, "the object has no section .BTF: compile it with -g");

    private static unsafe BtfTypes? Read(nint btf)
    {
        uint size;
        var bytes = LibBpf.btf__raw_data(btf, &size);
        return bytes == null ? null : BtfTypes.Parse(new ReadOnlySpan<byte>(bytes, (int)size));
    }
}
