namespace EbpfLb.Bpf;

/// <summary>The kernel's own BTF, where its functions for programs (kfuncs) are found.</summary>
internal static class KernelBtf
{
    private const string Directory = "/sys/kernel/btf";
    private const string DefaultPath = $"{Directory}/vmlinux";
    private const int BlockBytes = 64 << 10;

    public static string? Reason(string path = DefaultPath) =>
        File.Exists(path) ? null : $"{path} does not exist: the kernel was built without CONFIG_DEBUG_INFO_BTF";

    /// <summary>Whether a function is there that the kernel has in a module, which may be built in or not be loaded.</summary>
    public static string? ReasonWithoutModule(string function, string module, string directory = Directory)
    {
        if (ReasonWithout(function, $"{directory}/vmlinux") is not { } missing) return null;
        if (!File.Exists($"{directory}/{module}")) return $"{missing}; a module {module} may have it, but none is loaded that has BTF";
        if (!Privileges.MayReadBtfOfModules()) return $"only CAP_SYS_ADMIN may read the BTF of the module {module}";
        return ReasonWithout(function, $"{directory}/{module}");
    }

    /// <summary>
    /// Whether the kernel has a function. Its name in the string table is proof enough: BTF has the names of functions,
    /// types and members, and no type or member is called like a kfunc. Parsing its 150,000 types would cost more memory
    /// than everything else in this process.
    /// </summary>
    public static string? ReasonWithout(string function, string path = DefaultPath)
    {
        if (Reason(path) is { } missing)
            return missing;
        byte[] name = [0, .. System.Text.Encoding.ASCII.GetBytes(function), 0];
        return Contains(path, name) ? null : $"the kernel has no function {function}";
    }

    /// <summary>Block by block: an array for all of it would be the largest that a start makes, and be kept for long.</summary>
    private static bool Contains(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = File.OpenHandle(path);
        var block = new byte[BlockBytes];
        var kept = 0;
        for (long offset = 0; RandomAccess.Read(file, block.AsSpan(kept), offset) is > 0 and var read; offset += read)
        {
            var filled = block.AsSpan(0, kept + read);
            if (filled.IndexOf(bytes) >= 0) return true;
            // It may lie across the end.
            kept = Math.Min(bytes.Length - 1, filled.Length);
            filled[^kept..].CopyTo(block);
        }
        return false;
    }
}
