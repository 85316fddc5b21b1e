using System.Net;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Select;

/// <summary>bpf/unit/select.unit.bpf.c with tables of its own: the decision core, callable.</summary>
internal sealed class SelectProgram : IDisposable
{
    private readonly BpfObject bpf;
    private readonly BpfProgram program;

    public SelectProgram()
    {
        bpf = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "select.unit.bpf.o")));
        bpf.Load();
        program = bpf.OpenProgram("unit_select");
        Services4 = bpf.OpenMap<LbFrontend4, LbService>(Abi.Tables.Services4.Name);
        Services6 = bpf.OpenMap<LbFrontend6, LbService>(Abi.Tables.Services6.Name);
        Slots = bpf.OpenMap<uint, LbSlot>(Abi.Tables.Slots.Name);
        Backends = bpf.OpenMap<uint, LbBackend>(Abi.Tables.Backends.Name);
        Affinity = bpf.OpenMap<LbAffKey, LbAff>(Abi.Tables.Affinity.Name);
        SourceRanges4 = bpf.OpenMap<LbSrcRange4, uint>(Abi.Tables.SrcRanges4.Name);
        Stats = new PerCpuMap<uint, LbStat>(bpf.OpenMap(Abi.Tables.Stats.Name));
    }

    public BpfMap<LbFrontend4, LbService> Services4 { get; }

    public BpfMap<LbFrontend6, LbService> Services6 { get; }

    public BpfMap<uint, LbSlot> Slots { get; }

    public BpfMap<uint, LbBackend> Backends { get; }

    public BpfMap<LbAffKey, LbAff> Affinity { get; }

    public BpfMap<LbSrcRange4, uint> SourceRanges4 { get; }

    public PerCpuMap<uint, LbStat> Stats { get; }

    public static LbAddr Address(string address, ushort port, byte protocol = 6)
    {
        var result = new LbAddr { Port = Be16.FromHost(port), Proto = protocol };
        IPAddress.Parse(address).MapToIPv6().TryWriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref result.Addr)), out _);
        return result;
    }

    public Answer Ask(Question question)
    {
        var packet = new byte[Marshal.SizeOf<Question>()];
        MemoryMarshal.Write(packet, question);
        var result = program.TestRun(new TestRunRequest { Data = packet });
        Assert.Equal(0u, result.ReturnValue);
        return MemoryMarshal.Read<Question>(result.Data).Answer;
    }

    public ulong Count(LbReason reason)
    {
        var values = new LbStat[Stats.CpuCount];
        Assert.True(Stats.TryLookup((uint)reason, values));
        return values.Aggregate(0UL, (sum, v) => sum + v.Count);
    }

    public void Dispose()
    {
        Services4.Dispose();
        Services6.Dispose();
        Slots.Dispose();
        Backends.Dispose();
        Affinity.Dispose();
        SourceRanges4.Dispose();
        Stats.Dispose();
        program.Dispose();
        bpf.Dispose();
    }

    public enum Verdict : uint
    {
        Pass,
        Forward,
        Refuse,
        Drop,
    }

    /// <summary>The end of struct unit_select.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public record struct Answer(Verdict Verdict, uint BackendId, uint ServiceId, uint Pad);

    /// <summary>struct unit_select.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 104)]
    public record struct Question
    {
        [FieldOffset(16)] public LbAddr Destination;
        [FieldOffset(36)] public uint Dice;
        [FieldOffset(40)] public ulong Netns;
        [FieldOffset(48)] public Be32x4 Source;
        [FieldOffset(64)] public LbAddr FlowFrontend;
        [FieldOffset(84)] public uint FlowBackendId;
        [FieldOffset(88)] public Answer Answer;
    }
}
