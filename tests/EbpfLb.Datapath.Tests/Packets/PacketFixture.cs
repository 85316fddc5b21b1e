using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>One loaded program for the tests of a class.</summary>
public sealed class PacketFixture : IDisposable
{
    internal PacketProgram Program { get; } = new();

    public void Dispose() => Program.Dispose();
}
