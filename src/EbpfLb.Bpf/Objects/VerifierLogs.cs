using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// A log buffer per program for one load. libbpf asks the kernel for a log only after a first refusal, so the one buffer
/// that is not empty tells which program failed. The memory is zeroed lazily by the kernel: unused buffers cost nothing.
/// </summary>
internal sealed unsafe class VerifierLogs : IDisposable
{
    /// <summary>The largest log that every kernel takes (UINT_MAX >> 8, kernels up to 5.1).</summary>
    private const int Capacity = (int)(uint.MaxValue >> 8);

    private readonly List<(ObjectProgram Program, nint Buffer)> buffers = [];

    public VerifierLogs(IEnumerable<ObjectProgram> programs)
    {
        foreach (var program in programs)
        {
            if (!program.AutoLoad)
                continue;
            var buffer = (byte*)NativeMemory.AllocZeroed(Capacity);
            buffers.Add((program, (nint)buffer));
            Check.Result(LibBpf.bpf_program__set_log_buf(program.Pointer, buffer, Capacity), "set log buffer of", program.Name);
        }
    }

    public (string? Program, string Text) Failure()
    {
        foreach (var (program, buffer) in buffers)
        {
            if (*(byte*)buffer != 0)
                return (program.Name, Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)buffer)));
        }

        return (null, "");
    }

    public void Dispose()
    {
        // libbpf keeps the pointers but looks at them while it loads only, and an object is loaded once, well or not.
        foreach (var (_, buffer) in buffers)
            NativeMemory.Free((void*)buffer);
    }
}
