using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Events;

/// <summary>lb_events, read by one thread; takes it over.</summary>
internal sealed class RingEvents(RingBuffer ring) : IEventSource
{
    public void Read(TimeSpan timeout, Action<LbEvent> take, CancellationToken cancellationToken)
    {
        if (!ring.Wait(timeout, cancellationToken)) return;
        ring.Drain(record =>
        {
            // A longer record is of a newer program, whose first part has kept its meaning.
            if (record.Length >= Unsafe.SizeOf<LbEvent>()) take(MemoryMarshal.Read<LbEvent>(record));
        });
    }

    public void Dispose() => ring.Dispose();
}

/// <summary>Where drops are told: the kernel's ring buffer, or a test.</summary>
public interface IEventSource : IDisposable
{
    /// <summary>Waits for records, at most that long, and hands over those that are there.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    void Read(TimeSpan timeout, Action<LbEvent> take, CancellationToken cancellationToken);
}
