using System.Collections.Concurrent;
using EbpfLb.Datapath.Tests.Packets;
using EbpfLb.Datapath.Tests.Packets.Harness;

[assembly: AssemblyFixture(typeof(PacketPrograms))]

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>A loaded program for the tests of a class, which another class may have used before: it is reset before each test.</summary>
public sealed class PacketFixture(PacketPrograms programs) : IDisposable
{
    internal PacketProgram Program { get; } = programs.Take();

    public void Dispose() => programs.Return(Program);
}

/// <summary>As many programs as classes run side by side: the verifier takes longer over one than most classes over their tests.</summary>
public sealed class PacketPrograms : IDisposable
{
    private readonly ConcurrentBag<PacketProgram> idle = [];

    internal PacketProgram Take() => idle.TryTake(out var program) ? program : new PacketProgram();

    internal void Return(PacketProgram program) => idle.Add(program);

    public void Dispose()
    {
        foreach (var program in idle) program.Dispose();
    }
}
