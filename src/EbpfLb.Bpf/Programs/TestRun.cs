namespace EbpfLb.Bpf;

/// <summary>What to run a program with (BPF_PROG_TEST_RUN).</summary>
public sealed record TestRunRequest
{
    /// <summary>The packet; empty for programs without one.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Room for the packet that comes back, bytes; 0: it is not wanted.</summary>
    public int DataOutCapacity { get; init; } = 65536;

    /// <summary>The context: struct __sk_buff or xdp_md, or whatever a SEC("syscall") program takes.</summary>
    public ReadOnlyMemory<byte> Context { get; init; }

    /// <summary>How often to run it; later runs get the packet that the first one left.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>BPF_F_TEST_ flags.</summary>
    public uint Flags { get; init; }
}

/// <summary>What a test run gave.</summary>
/// <param name="ReturnValue">The program's return value.</param>
/// <param name="Duration">Mean time of a run; 0 for SEC("syscall") programs.</param>
/// <param name="Data">The packet afterwards.</param>
/// <param name="Context">The context afterwards.</param>
public sealed record TestRunResult(uint ReturnValue, TimeSpan Duration, byte[] Data, byte[] Context)
{
    /// <summary>Mean time of a run in nanoseconds, as the kernel counts (a <see cref="TimeSpan"/> has a grain of 100).</summary>
    public uint DurationNanoseconds { get; init; }
}
