namespace EbpfLb.Bpf.Tests.Objects;

public sealed class NestedMapTests
{
    private static readonly MapSpec Inner = new("lb_inner", MapType.Array, 4, 4, 8, MapFlags.InnerMap);

    [Fact]
    public void A_program_reads_the_inner_map_that_user_space_put_in()
    {
        using var obj = Load();
        using var outer = obj.OpenMap<uint, uint>("t_outer");
        using var inner = new BpfMap<uint, uint>(BpfMap.Create(Inner));
        inner.Update(5, 55);

        outer.Update(1, (uint)inner.Untyped.Fd.Value);

        Assert.Equal((0, new Nested(1, 5, 1, 55)), Read(obj, 1, 5));
        Assert.Equal(1, Read(obj, 0, 5).Result);
    }

    [Fact]
    public void An_inner_map_is_replaced_whole_and_may_have_another_size()
    {
        using var obj = Load();
        using var outer = obj.OpenMap<uint, uint>("t_outer");
        using var small = new BpfMap<uint, uint>(BpfMap.Create(Inner));
        using var large = new BpfMap<uint, uint>(BpfMap.Create(Inner with { MaxEntries = 1000 }));
        large.Update(999, 1);
        outer.Update(0, (uint)small.Untyped.Fd.Value);

        outer.Update(0, (uint)large.Untyped.Fd.Value);

        Assert.Equal((0, new Nested(0, 999, 1, 1)), Read(obj, 0, 999));
    }

    [Fact]
    public void A_map_can_be_left_out_with_the_programs_that_use_it()
    {
        using var obj = Load(o =>
        {
            o.Map("t_optional").AutoCreate = false;
            o.Program("use_optional").AutoLoad = false;
        });

        Assert.Throws<BpfException>(() => obj.OpenMap("t_optional"));
    }

    [Fact]
    public void Flags_can_be_changed_before_loading()
    {
        using var obj = Load(o => o.Map("t_optional").Flags = MapFlags.NoPrealloc);

        using var map = obj.OpenMap("t_optional");

        Assert.Equal(MapFlags.NoPrealloc, map.Info.Flags);
    }

    [Fact]
    public void An_object_is_read_from_a_stream()
    {
        using var stream = new MemoryStream(TestObjects.Bytes("nested"));

        using var obj = BpfObject.Open(stream);

        Assert.Contains("t_outer", obj.Maps.Keys);
    }

    private static BpfObject Load(Action<BpfObject>? prepare = null)
    {
        using var template = BpfMap.Create(Inner);
        return TestObjects.Load("nested", o =>
        {
            o.Map("t_outer").SetInner(template);
            prepare?.Invoke(o);
        });
    }

    private static (int Result, Nested Context) Read(BpfObject obj, uint outer, uint inner)
    {
        using var program = obj.OpenProgram("read_nested");
        Nested context = new(outer, inner, 0, 0);
        var result = program.Call(ref context);
        return (result, context);
    }

    private record struct Nested(uint Outer, uint Inner, uint Found, uint Value);
}
