using EbpfLb.Bpf;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>A program of bpf/unit that does one thing to a packet.</summary>
internal sealed class UnitProgram : IDisposable
{
    public const uint Passed = 0;
    public const uint Dropped = 2;
    public const uint Changed = 3;
    public const uint Sent = 7;

    /// <param name="name">"reply" for bpf/unit/reply.unit.bpf.c.</param>
    /// <param name="program">Name of the C function.</param>
    /// <param name="knobs">Sets the load-time constants.</param>
    public UnitProgram(string name, string program, Action<KnobSet>? knobs = null)
    {
        Bpf = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", $"{name}.unit.bpf.o")));
        try
        {
            knobs?.Invoke(Bpf.Knobs);
            Bpf.Load();
            Program = Bpf.OpenProgram(program);
        }
        catch
        {
            Bpf.Dispose();
            throw;
        }
    }

    public BpfObject Bpf { get; }

    public BpfProgram Program { get; }

    /// <summary>Runs the program on a packet; TC_ACT_ and the packet as it left it.</summary>
    public (uint Verdict, byte[] Packet) Run(byte[] packet)
    {
        var result = Program.TestRun(new TestRunRequest { Data = packet });
        return (result.ReturnValue, result.Data);
    }

    /// <summary>The packet must come out with this verdict, as <paramref name="expected"/>, and with nothing but right checksums.</summary>
    public void AssertTurns(byte[] packet, uint verdict, byte[] expected)
    {
        var (got, left) = Run(packet);

        Assert.Equal(verdict, got);
        Assert.Empty(PacketDifference.Of(expected, left));
        Assert.Empty(PacketVerifier.Problems(PacketReader.Read(left)));
    }

    public void Dispose()
    {
        Program.Dispose();
        Bpf.Dispose();
    }
}
