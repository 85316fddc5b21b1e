using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf.Btf;

/// <summary>Type information that the kernel keeps for maps and programs that were loaded with it.</summary>
public static class LoadedBtf
{
    /// <summary>Reads it by its id (<see cref="MapInfo.BtfId"/>).</summary>
    /// <returns>null: there is none, or this process may not read it (CAP_SYS_ADMIN).</returns>
    public static unsafe BtfTypes? TryRead(uint id)
    {
        if (id == 0) return null;
        var btf = LibBpf.btf__load_from_kernel_by_id(id);
        if (btf == 0) return null;
        try
        {
            uint size;
            var bytes = LibBpf.btf__raw_data(btf, &size);
            return bytes == null ? null : BtfTypes.Parse(new ReadOnlySpan<byte>(bytes, (int)size));
        }
        finally
        {
            LibBpf.btf__free(btf);
        }
    }
}
