using System.Runtime.InteropServices;
using EbpfLb.Bpf.Native;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>Takes one record of a ring buffer; the bytes are gone when it returns.</summary>
public delegate void RingBufferHandler(ReadOnlySpan<byte> record);

/// <summary>
/// The reading end of a BPF_MAP_TYPE_RINGBUF (kernel 5.8), as Documentation/bpf/ringbuf.rst lays it out: a page with the
/// consumer's position, a page with the producer's, then the data, mapped twice in a row so that no record is split.
/// One consumer at a time; <see cref="Interrupt"/> may come from any thread.
/// </summary>
public sealed unsafe class RingBuffer : IDisposable
{
    private const uint BusyBit = 1u << 31;
    private const uint DiscardBit = 1u << 30;
    private const int HeaderSize = 8;

    private readonly BpfMap map;
    private readonly MappedMemory consumer;
    private readonly MappedMemory producer;
    private readonly BpfFd interrupt;
    private readonly ulong mask;
    private readonly int pageSize = Environment.SystemPageSize;

    /// <summary>Maps the buffer and takes <paramref name="map"/> over (also when this constructor throws).</summary>
    /// <exception cref="BpfException">EINVAL: the map is no ring buffer.</exception>
    public RingBuffer(BpfMap map)
    {
        this.map = map;
        try
        {
            if (map.Info.Type != MapType.RingBuf)
                throw new BpfException(Errno.EINVAL, "read as ring buffer", map.Name, $"it is a {map.Info.Type}");
            mask = map.Info.MaxEntries - 1;
            consumer = MappedMemory.Map(map, (nuint)pageSize, 0, writable: true);
            producer = MappedMemory.Map(map, (nuint)pageSize + (2 * (nuint)map.Info.MaxEntries), pageSize, writable: false);
            interrupt = new BpfFd(Check.LastError(
                LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK), "make event descriptor for", map.Name));
        }
        catch
        {
            interrupt?.Dispose();
            producer?.Dispose();
            consumer?.Dispose();
            map.Dispose();
            throw;
        }
    }

    /// <summary>The map's name.</summary>
    public string Name => map.Name;

    /// <summary>Bytes that wait to be read, with the headers of their records.</summary>
    public ulong Pending => Volatile.Read(ref *(ulong*)producer.Address) - Volatile.Read(ref *(ulong*)consumer.Address);

    /// <summary>Hands over the complete records that are there now, without waiting; not those that come meanwhile, which may have no
    /// end.</summary>
    /// <returns>How many there were.</returns>
    public int Drain(RingBufferHandler handler)
    {
        ObjectDisposedException.ThrowIf(consumer.IsClosed, this);
        var data = producer.Address + pageSize;
        ref var position = ref *(ulong*)consumer.Address;
        var records = 0;
        var at = Volatile.Read(ref position);
        var end = Volatile.Read(ref *(ulong*)producer.Address);
        while (at < end)
        {
            var record = data + (at & mask);
            var header = Volatile.Read(ref *(uint*)record);
            if ((header & BusyBit) != 0)
                break; // reserved, not committed yet: its commit wakes the reader
            var length = header & ~DiscardBit;
            at += (length + HeaderSize + 7) & ~7u;
            try
            {
                if ((header & DiscardBit) == 0)
                {
                    records++;
                    handler(new ReadOnlySpan<byte>(record + HeaderSize, (int)length));
                }
            }
            finally
            {
                // Also when the handler throws: its record was handed over.
                Volatile.Write(ref position, at);
            }
        }

        return records;
    }

    /// <summary>Waits until there is something to read.</summary>
    /// <param name="timeout">Longest time; <see cref="Timeout.InfiniteTimeSpan"/>: no limit.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>False when the time was over or <see cref="Interrupt"/> was called.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public bool Wait(TimeSpan timeout, CancellationToken cancellation = default)
    {
        using var registration = cancellation.Register(Interrupt);
        cancellation.ThrowIfCancellationRequested();
        Span<LibC.PollFd> fds =
        [
            new() { Fd = map.Fd.Value, Events = LibC.POLLIN },
            new() { Fd = interrupt.Value, Events = LibC.POLLIN },
        ];
        var milliseconds = timeout == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue);
        var ready = LibC.poll(fds, 2, milliseconds);
        if (ready < 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
            Check.LastError(ready, "wait for", Name);
        if (ready > 0 && fds[1].Returned != 0)
        {
            Span<byte> count = stackalloc byte[sizeof(ulong)];
            _ = LibC.read(interrupt, count);
        }

        cancellation.ThrowIfCancellationRequested();
        return ready > 0 && fds[0].Returned != 0;
    }

    /// <summary>Reads until cancelled: waits, hands over, waits.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, the only way out.</exception>
    public void Run(RingBufferHandler handler, CancellationToken cancellation)
    {
        while (true)
        {
            if (Wait(Timeout.InfiniteTimeSpan, cancellation))
                Drain(handler);
        }
    }

    /// <summary>Ends the current or next <see cref="Wait"/>.</summary>
    public void Interrupt()
    {
        ulong one = 1;
        _ = LibC.write(interrupt, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in one)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        interrupt.Dispose();
        producer.Dispose();
        consumer.Dispose();
        map.Dispose();
    }
}
