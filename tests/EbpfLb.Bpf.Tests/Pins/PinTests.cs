namespace EbpfLb.Bpf.Tests.Pins;

public sealed class PinTests : IDisposable
{
    private readonly PinScope pins = new();

    public void Dispose() => pins.Dispose();

    [Fact]
    public void A_pinned_map_outlives_its_handles()
    {
        using (var map = Create())
        {
            map.Update(1, new Pair(2, 3));
            Pin.Add(map.Untyped.Fd, pins["map"]);
        }

        using var again = BpfMap.OpenPinned<uint, Pair>(pins["map"]);

        Assert.Equal(new Pair(2, 3), again.Lookup(1));
    }

    [Fact]
    public void Missing_directories_are_made()
    {
        using var map = Create();

        Pin.Add(map.Untyped.Fd, pins["instance/maps/one"]);

        Assert.True(Pin.Exists(pins["instance/maps/one"]));
    }

    [Fact]
    public void A_name_that_is_taken_is_refused()
    {
        using var map = Create();
        Pin.Add(map.Untyped.Fd, pins["map"]);

        var error = Assert.Throws<BpfException>(() => Pin.Add(map.Untyped.Fd, pins["map"]));

        Assert.Equal(Errno.EEXIST, error.Errno);
        Assert.Equal(pins["map"], error.ObjectName);
    }

    [Fact]
    public void A_pin_is_replaced_in_one_step()
    {
        using var old = Create();
        using var successor = Create();
        Pin.Add(old.Untyped.Fd, pins["map"]);

        Pin.Replace(successor.Untyped.Fd, pins["map"]);

        using var found = BpfMap.OpenPinned(pins["map"]);
        Assert.Equal(successor.Info.Id, found.Info.Id);
        Assert.Equal(["map"], Directory.EnumerateFiles(pins.Directory).Select(Path.GetFileName));
    }

    [Fact]
    public void A_removed_pin_is_gone()
    {
        using var map = Create();
        Pin.Add(map.Untyped.Fd, pins["map"]);

        Assert.True(Pin.Remove(pins["map"]));

        Assert.False(Pin.Remove(pins["map"]));
        Assert.Equal(Errno.ENOENT, Assert.Throws<BpfException>(() => BpfMap.OpenPinned(pins["map"])).Errno);
    }

    [Fact]
    public void A_map_opened_for_reading_cannot_be_written()
    {
        using var map = Create();
        Pin.Add(map.Untyped.Fd, pins["map"]);

        using var reader = new BpfMap<uint, Pair>(BpfMap.OpenPinned(pins["map"], readOnly: true));

        Assert.False(reader.TryLookup(1, out _));
        Assert.Equal(Errno.EPERM, reader.TryUpdate(1, default));
    }

    [Fact]
    public void A_pinned_program_runs()
    {
        using (var obj = TestObjects.Load("kinds"))
        {
            using var program = obj.OpenProgram("read_knobs");
            Pin.Add(program.Fd, pins["program"]);
        }

        using var again = BpfProgram.OpenPinned(pins["program"]);

        KnobValues values = default;
        Assert.Equal(42, again.Call(ref values));
        Assert.Equal("read_knobs", again.Info.Name);
    }

    [Fact]
    public void A_place_outside_of_a_bpffs_is_refused()
    {
        using var map = Create();
        var path = Path.Combine(Path.GetTempPath(), $"ebpflb-test-{Guid.NewGuid():N}");

        var error = Assert.Throws<BpfException>(() => Pin.Add(map.Untyped.Fd, path));

        Assert.Equal(Errno.EPERM, error.Errno);
        Assert.Contains("must lie on a bpffs", error.Message);
    }

    private static BpfMap<uint, Pair> Create() => new(BpfMap.Create(new MapSpec("lb_test", MapType.Hash, 4, 8, 8)));
}
