using System.Runtime.CompilerServices;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>A loaded program. The kernel keeps it while a descriptor, a link or a pin refers to it.</summary>
public sealed unsafe class BpfProgram : IDisposable
{
    internal BpfProgram(BpfFd fd, string name)
    {
        Fd = fd;
        try
        {
            Id = ProgramInfo.Read(fd, name).Id;
            Name = name;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>The descriptor; owned by this program.</summary>
    public BpfFd Fd { get; }

    /// <summary>The kernel's id of the program.</summary>
    public uint Id { get; }

    /// <summary>Name of the C function, or the path or id that it was opened by.</summary>
    public string Name { get; }

    /// <summary>What the kernel says about it now.</summary>
    public ProgramInfo Info => ProgramInfo.Read(Fd, Name);

    /// <summary>Kernel ids of the maps that it names; they do not change while it lives.</summary>
    public IReadOnlyList<uint> MapIds => ProgramInfo.ReadMapIds(Fd, Name);

    /// <summary>Opens a pinned program.</summary>
    public static BpfProgram OpenPinned(string path) => new(Pin.Open(path), path);

    /// <summary>Opens a program by its kernel id.</summary>
    /// <exception cref="BpfException">ENOENT: it is gone.</exception>
    public static BpfProgram OpenId(uint id) =>
        new(new BpfFd(Check.Result(LibBpf.bpf_prog_get_fd_by_id(id), "open program by id", id.ToString())), $"id {id}");

    /// <summary>Runs the program without its hook.</summary>
    /// <exception cref="BpfException">
    /// ENOTSUPP: this kind cannot be run so (cgroup address hooks). EINVAL: packet or context do not suit (a packet
    /// needs at least 14 bytes). ENOSPC: the packet that came back did not fit.
    /// </exception>
    public TestRunResult TestRun(TestRunRequest request)
    {
        // SEC("syscall") programs have no packet and refuse every packet field; their context is changed in place.
        var hasData = !request.Data.IsEmpty;
        var data = hasData ? new byte[request.DataOutCapacity] : [];
        var context = request.Context.ToArray();
        var contextOut = hasData ? new byte[context.Length] : [];
        fixed (byte* dataIn = request.Data.Span)
        fixed (byte* dataOut = data)
        fixed (byte* contextPointer = context)
        fixed (byte* contextOutPointer = contextOut)
        {
            var options = new LibBpf.BpfTestRunOptions
            {
                Size = (nuint)sizeof(LibBpf.BpfTestRunOptions),
                DataIn = dataIn,
                DataSizeIn = (uint)request.Data.Length,
                DataOut = dataOut,
                DataSizeOut = (uint)data.Length,
                ContextIn = contextPointer,
                ContextSizeIn = (uint)context.Length,
                ContextOut = contextOutPointer,
                ContextSizeOut = (uint)contextOut.Length,
                Repeat = hasData ? request.Repeat : 0,
                Flags = request.Flags,
            };
            Check.Result(LibBpf.bpf_prog_test_run_opts(Fd, &options), "test-run program", Name);
            return new TestRunResult(
                options.ReturnValue, TimeSpan.FromTicks(options.Duration / TimeSpan.NanosecondsPerTick),
                data[..(int)Math.Min(options.DataSizeOut, (uint)data.Length)],
                hasData ? contextOut[..(int)Math.Min(options.ContextSizeOut, (uint)contextOut.Length)] : context)
            {
                DurationNanoseconds = options.Duration,
            };
        }
    }

    /// <summary>Runs a SEC("syscall") program on a context, which it may change.</summary>
    /// <returns>The program's return value.</returns>
    public int Call<T>(ref T context)
        where T : unmanaged
    {
        fixed (T* pointer = &context)
        {
            var options = new LibBpf.BpfTestRunOptions
            {
                Size = (nuint)sizeof(LibBpf.BpfTestRunOptions),
                ContextIn = pointer,
                ContextSizeIn = (uint)sizeof(T),
            };
            Check.Result(LibBpf.bpf_prog_test_run_opts(Fd, &options), "call program", Name);
            return (int)options.ReturnValue;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Fd.Dispose();

    /// <inheritdoc/>
    public override string ToString() => $"{Name} (id {Id})";
}
