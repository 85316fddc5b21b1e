using System.Runtime.InteropServices;

namespace EbpfLb.Bpf.Tests.Maps;

public sealed class RingBufferTests : IDisposable
{
    private readonly BpfObject obj = TestObjects.Load("kinds");

    public void Dispose() => obj.Dispose();

    [Fact]
    public void Records_arrive_in_order()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));

        Emit(10);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => new Record((ulong)i, (uint)i * 3, 0)), Drain(ring));
        Assert.Equal(0ul, ring.Pending);
    }

    [Fact]
    public void Discarded_records_are_passed_over()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));

        Emit(6, discardEvery: 2);

        Assert.Equal([1ul, 3ul, 5ul], Drain(ring).Select(record => record.Sequence));
    }

    [Fact]
    public void The_buffer_wraps_around_without_losing_a_record()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));
        List<Record> records = [];

        for (var round = 0; round < 5; round++)
        {
            Assert.Equal(0u, Emit(100)); // 100 x 24 bytes of 4096: three rounds go around
            records.AddRange(Drain(ring));
        }

        Assert.Equal(500, records.Count);
        Assert.All(
            records.Chunk(100), chunk => Assert.Equal(Enumerable.Range(0, 100).Select(i => (ulong)i), chunk.Select(r => r.Sequence)));
    }

    [Fact]
    public void A_full_buffer_loses_new_records_and_works_again_when_it_was_read()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));

        var lost = Emit(300);

        Assert.True(lost > 0);
        Assert.Equal(300 - (int)lost, Drain(ring).Count);
        Assert.Equal(0u, Emit(1));
        Assert.Single(Drain(ring));
    }

    [Fact]
    public async Task Waiting_ends_when_a_record_arrives()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));
        var reader = Task.Factory.StartNew(
            () => ring.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Emit(1);

        Assert.True(await reader);
        Assert.Single(Drain(ring));
    }

    [Fact]
    public void Waiting_ends_with_the_time() =>
        Assert.False(WithRing(ring => ring.Wait(TimeSpan.Zero)));

    [Fact]
    public void Waiting_ends_when_it_is_interrupted()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));

        ring.Interrupt();

        Assert.False(ring.Wait(Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void Reading_goes_on_until_it_is_cancelled()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));
        using var cancel = new CancellationTokenSource();
        List<ulong> seen = [];
        Emit(3);

        Assert.Throws<OperationCanceledException>(() => ring.Run(
            record =>
            {
                seen.Add(MemoryMarshal.Read<Record>(record).Sequence);
                if (seen.Count == 3)
                    cancel.Cancel();
            },
            cancel.Token));

        Assert.Equal([0ul, 1ul, 2ul], seen);
    }

    [Fact]
    public void What_comes_while_records_are_handed_over_waits_for_the_next_time()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));
        Emit(3);

        Assert.Equal(3, ring.Drain(_ => Emit(1)));

        Assert.Equal(3, Drain(ring).Count);
    }

    [Fact]
    public void A_record_whose_handler_throws_is_not_handed_over_again()
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));
        Emit(2);

        Assert.Throws<InvalidOperationException>(() => ring.Drain(_ => throw new InvalidOperationException()));

        Assert.Equal([1ul], Drain(ring).Select(record => record.Sequence));
    }

    [Fact]
    public void Another_kind_of_map_is_refused() =>
        Assert.Equal(Errno.EINVAL, Assert.Throws<BpfException>(() => new RingBuffer(obj.OpenMap("t_hash"))).Errno);

    private bool WithRing(Func<RingBuffer, bool> act)
    {
        using var ring = new RingBuffer(obj.OpenMap("t_ring"));
        return act(ring);
    }

    private uint Emit(uint count, uint discardEvery = 0)
    {
        using var program = obj.OpenProgram("emit_records");
        Emit request = new(count, discardEvery, 0, 0);
        program.Call(ref request);
        return request.Lost;
    }

    private static List<Record> Drain(RingBuffer ring)
    {
        List<Record> records = [];
        ring.Drain(record => records.Add(MemoryMarshal.Read<Record>(record)));
        return records;
    }
}
