using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>A program whose tables are full soon.</summary>
public sealed class SmallFixture : IDisposable
{
    /// <summary>Elements of each conntrack table: two a flow.</summary>
    public const int Entries = 32;

    /// <summary>Flows that may be half-open at a time.</summary>
    public const int HalfOpen = 4;

    /// <summary>Flows that may be closed at a time.</summary>
    public const int Closed = 8;

    internal PacketProgram Program { get; } = new(bpf =>
    {
        bpf.Map(Abi.Tables.Conntrack4.Name).MaxEntries = Entries;
        bpf.Map(Abi.Tables.Conntrack6.Name).MaxEntries = Entries;
        bpf.Map(Abi.Tables.CtPending.Name).MaxEntries = HalfOpen + Closed;
    });

    public void Dispose() => Program.Dispose();
}
