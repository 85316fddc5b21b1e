using System.Runtime.InteropServices;

namespace EbpfLb.Bpf.Native;

/// <summary>Owns a <c>struct bpf_object *</c>.</summary>
internal sealed class BpfObjectHandle : SafeHandle
{
    public BpfObjectHandle(nint pointer)
        : base(0, ownsHandle: true) => SetHandle(pointer);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibBpf.bpf_object__close(handle);
        return true;
    }
}
