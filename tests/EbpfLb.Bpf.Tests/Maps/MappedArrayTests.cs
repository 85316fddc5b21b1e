namespace EbpfLb.Bpf.Tests.Maps;

public sealed class MappedArrayTests
{
    [Fact]
    public void A_program_sees_what_is_written_into_memory()
    {
        using var obj = TestObjects.Load("kinds");
        using var array = new MappedArray<Pair>(obj.OpenMap("t_array"));
        using var program = obj.OpenProgram("read_array");

        array.Span[999] = new Pair(5, 6);

        ArrayLookup lookup = new(999, 0, default);
        program.Call(ref lookup);
        Assert.Equal(new ArrayLookup(999, 1, new Pair(5, 6)), lookup);
    }

    [Fact]
    public void Memory_shows_what_a_system_call_wrote()
    {
        using var map = BpfMap.Create(Spec());
        using var calls = new BpfMap<uint, Pair>(map.Duplicate());
        using var array = new MappedArray<Pair>(map.Duplicate(), writable: false);

        calls.Update(3, new Pair(1, 2));

        Assert.Equal(new Pair(1, 2), array.ReadOnlySpan[3]);
        Assert.Equal(1000, array.ReadOnlySpan.Length);
    }

    [Fact]
    public void A_read_only_mapping_offers_no_writable_span()
    {
        using var array = new MappedArray<Pair>(BpfMap.Create(Spec()), writable: false);

        Assert.Throws<InvalidOperationException>(() => array.Span.Length);
    }

    [Fact]
    public void A_frozen_map_can_be_mapped_for_reading_only()
    {
        using var map = BpfMap.Create(Spec());
        map.Freeze();

        using var array = new MappedArray<Pair>(map.Duplicate(), writable: false);

        Assert.Equal(1000, array.Length);
        Assert.Equal(Errno.EPERM, Assert.Throws<BpfException>(() => new MappedArray<Pair>(map.Duplicate())).Errno);
    }

    [Fact]
    public void A_map_that_programs_cannot_write_can_be_mapped_for_reading_only()
    {
        using var map = BpfMap.Create(Spec() with { Flags = MapFlags.Mappable | MapFlags.ReadOnlyProgram });

        using var array = new MappedArray<Pair>(map.Duplicate(), writable: false);
        var error = Assert.Throws<BpfException>(() => new MappedArray<Pair>(map.Duplicate()));

        Assert.Equal(1000, array.Length);
        Assert.Equal(Errno.EACCES, error.Errno);
        Assert.Contains("BPF_F_RDONLY_PROG", error.Message);
    }

    [Fact]
    public void A_value_that_is_no_multiple_of_eight_bytes_is_refused()
    {
        var error = Assert.Throws<BpfLayoutException>(() => new MappedArray<Odd>(
            BpfMap.Create(new MapSpec("lb_test", MapType.Array, 4, 12, 10, MapFlags.Mappable))));

        Assert.Contains("Odd has 12 bytes, but the kernel spaces elements by multiples of 8", error.Message);
    }

    [Fact]
    public void A_map_that_was_not_made_for_it_is_refused()
    {
        var error = Assert.Throws<BpfException>(
            () => new MappedArray<Pair>(BpfMap.Create(new MapSpec("lb_test", MapType.Array, 4, 8, 10))));

        Assert.Contains("BPF_F_MMAPABLE", error.Message);
    }

    [Fact]
    public void A_closed_mapping_cannot_be_read()
    {
        var array = new MappedArray<Pair>(BpfMap.Create(Spec()));
        array.Dispose();

        Assert.Throws<ObjectDisposedException>(() => array.ReadOnlySpan.Length);
    }

    private static MapSpec Spec() => new("lb_test", MapType.Array, 4, 8, 1000, MapFlags.Mappable);
}
