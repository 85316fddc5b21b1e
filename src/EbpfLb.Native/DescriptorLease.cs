using System.Runtime.InteropServices;

namespace EbpfLb.Native;

/// <summary>
/// The number of a handle for the length of a call. Meanwhile nobody closes it, so the number cannot become another file's. For the calls
/// of Tmds.LibC, which take plain numbers.
/// </summary>
internal readonly ref struct DescriptorLease : IDisposable
{
    private readonly SafeHandle handle;

    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    public DescriptorLease(SafeHandle handle)
    {
        var isTaken = false;
        handle.DangerousAddRef(ref isTaken);
        this.handle = handle;
        Value = (int)handle.DangerousGetHandle();
    }

    public int Value { get; }

    public void Dispose() => handle.DangerousRelease();
}
