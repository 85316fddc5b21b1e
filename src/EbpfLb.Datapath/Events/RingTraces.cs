using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Events;

/// <summary>Traces of flows: switched on and off, and read. Used by one thread at a time.</summary>
public interface ITraceSource : IDisposable
{
    /// <summary>Programs trace from now on, and by themselves stop again.</summary>
    /// <param name="services">A bit for each low part of a service port id, see <see cref="TraceBits"/>.</param>
    /// <param name="until">The tick from which on they do not.</param>
    void Trace(ulong services, uint until);

    /// <summary>Programs trace no more.</summary>
    void Stop();

    /// <summary>Traces for which there was no room, since the maps were made.</summary>
    ulong Lost { get; }

    /// <summary>Hands over those that are there, without waiting.</summary>
    void Drain(Action<LbTrace> take);
}

/// <summary>Which services are traced, as lb_tracing has it.</summary>
public static class TraceBits
{
    private const int Count = 64;

    public const ulong All = ulong.MaxValue;

    /// <summary>The bit of an id, which others share.</summary>
    public static ulong Of(uint serviceId) => 1ul << (int)(serviceId % Count);
}

/// <summary>lb_traces and lb_tracing; takes them over.</summary>
internal sealed class RingTraces(RingBuffer ring, BpfMap tracing) : ITraceSource
{
    private readonly BpfMap<uint, ulong> places = new(tracing);

    public void Trace(ulong services, uint until)
    {
        places.Update((uint)LbTracePlace.Until, until);
        places.Update((uint)LbTracePlace.Services, services);
    }

    public void Stop() => places.Update((uint)LbTracePlace.Services, 0);

    public ulong Lost => places.Lookup((uint)LbTracePlace.Lost);

    public void Drain(Action<LbTrace> take) => ring.Drain(record =>
    {
        // A longer record is of a newer program, whose first part has kept its meaning.
        if (record.Length >= Unsafe.SizeOf<LbTrace>()) take(MemoryMarshal.Read<LbTrace>(record));
    });

    public void Dispose()
    {
        ring.Dispose();
        places.Dispose();
    }
}
