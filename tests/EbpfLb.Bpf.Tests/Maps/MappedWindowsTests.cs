namespace EbpfLb.Bpf.Tests.Maps;

public sealed class MappedWindowsTests : IDisposable
{
    private const int PerWindow = (256 << 10) / 8;
    private const int Length = (3 * PerWindow) + 100;

    private readonly BpfMap map = BpfMap.Create(new MapSpec("lb_test", MapType.Array, 4, 8, Length, MapFlags.Mappable));
    private readonly BpfMap<uint, ulong> elements;

    public MappedWindowsTests() => elements = new BpfMap<uint, ulong>(map.Duplicate());

    public void Dispose()
    {
        elements.Dispose();
        map.Dispose();
    }

    public static TheoryData<int> Indexes => [0, 1, PerWindow - 1, PerWindow, (2 * PerWindow) + 7, Length - 1];

    [Theory]
    [MemberData(nameof(Indexes))]
    public void An_element_is_the_kernels_wherever_it_lies(int index)
    {
        using var array = new MappedWindows<ulong>(map.Duplicate());
        elements.Update((uint)index, 77);

        Assert.Equal((77ul, 77ul), (array.Peek(index), array.Read(index)));

        array[index] = 78;
        Assert.Equal(78ul, elements.Lookup((uint)index));
        Assert.Equal(78ul, array.Peek(index));
    }

    [Fact]
    public void A_run_is_written_across_windows()
    {
        using var array = new MappedWindows<ulong>(map.Duplicate());
        ulong[] run = [.. Enumerable.Range(1, PerWindow + 20).Select(i => (ulong)i)];

        array.Write(PerWindow - 10, run);

        Assert.Equal(run, Enumerable.Range(PerWindow - 10, run.Length).Select(i => elements.Lookup((uint)i)));
        Assert.Equal((0ul, 0ul), (elements.Lookup(PerWindow - 11), elements.Lookup((2 * PerWindow) + 10)));
    }

    [Fact]
    public void Only_what_is_used_is_in_memory()
    {
        using var array = new MappedWindows<ulong>(map.Duplicate());
        for (var i = 0; i < Length; i++) Assert.Equal(0ul, array.Peek(i));
        Assert.Equal(0, array.Mapped);

        array[PerWindow] = 1;
        Assert.Equal(PerWindow, array.Mapped);
        Assert.Equal(1ul, array.Peek(PerWindow));

        Assert.Equal(0ul, array.Read(Length - 1));
        Assert.Equal(2 * PerWindow, array.Mapped);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(Length)]
    public void An_index_outside_is_refused(int index)
    {
        using var array = new MappedWindows<ulong>(map.Duplicate());

        Assert.Throws<ArgumentOutOfRangeException>(() => array.Read(index));
        Assert.Throws<ArgumentOutOfRangeException>(() => array.Peek(index));
        Assert.Throws<ArgumentOutOfRangeException>(() => array[index] = 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => array.Write(index, [1]));
    }

    [Fact]
    public void A_read_only_view_is_not_written()
    {
        using var array = new MappedWindows<ulong>(map.Duplicate(), writable: false);

        Assert.Equal(0ul, array.Read(5));
        Assert.Throws<InvalidOperationException>(() => array[5] = 1);
        Assert.Throws<InvalidOperationException>(() => array.Write(5, [1]));
    }

    [Fact]
    public void A_map_that_was_not_made_for_it_is_refused()
    {
        var error = Assert.Throws<BpfException>(()
            => new MappedWindows<ulong>(BpfMap.Create(new MapSpec("lb_test", MapType.Array, 4, 8, 10))));

        Assert.Contains("BPF_F_MMAPABLE", error.Message);
    }

    [Fact]
    public void A_closed_view_cannot_be_read()
    {
        var array = new MappedWindows<ulong>(map.Duplicate());
        Assert.Equal(0ul, array.Read(5));
        array.Dispose();

        Assert.Throws<ObjectDisposedException>(() => array.Read(5));
        Assert.Throws<ObjectDisposedException>(() => array.Read(PerWindow));
    }
}
