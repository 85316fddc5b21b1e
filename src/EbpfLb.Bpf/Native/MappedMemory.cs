using System.Runtime.InteropServices;
using EbpfLb.Native;

namespace EbpfLb.Bpf.Native;

/// <summary>Owns a shared mapping of a map.</summary>
internal sealed class MappedMemory : SafeHandle
{
    private readonly nuint length;

    private MappedMemory(nint address, nuint length)
        : base(-1, ownsHandle: true)
    {
        this.length = length;
        SetHandle(address);
    }

    public override bool IsInvalid => handle == -1;

    public unsafe byte* Address => (byte*)handle;

    public static MappedMemory Map(BpfMap map, nuint length, nint offset, bool writable)
    {
        var protection = writable ? LibC.PROT_READ | LibC.PROT_WRITE : LibC.PROT_READ;
        var address = LibC.mmap(0, length, protection, LibC.MAP_SHARED, map.Fd, offset);
        if (address == -1)
            throw new BpfException((Errno)Marshal.GetLastPInvokeError(), "map into memory", map.Name);
        return new MappedMemory(address, length);
    }

    protected override bool ReleaseHandle() => LibC.munmap(handle, length) == 0;
}
