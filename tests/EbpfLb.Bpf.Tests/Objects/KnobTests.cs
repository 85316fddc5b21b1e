namespace EbpfLb.Bpf.Tests.Objects;

public sealed class KnobTests
{
    [Fact]
    public void Programs_see_the_defaults_of_knobs_that_nobody_set()
    {
        using var obj = TestObjects.Load("kinds");

        Assert.Equal(new KnobValues(7, 40, 1, 1, 2), Read(obj));
    }

    [Fact]
    public void Programs_see_the_values_that_were_set_before_loading()
    {
        using var obj = TestObjects.Load("kinds", o =>
        {
            o.Knobs.Set("knob_byte", (byte)200);
            o.Knobs.Set("knob_word", 1234u);
            o.Knobs.Set("knob_long", ulong.MaxValue);
            o.Knobs.Set("knob_pair", new Pair(8, 9));
        });

        Assert.Equal(new KnobValues(200, 1234, ulong.MaxValue, 8, 9), Read(obj));
    }

    [Fact]
    public void A_knob_of_another_size_is_refused()
    {
        using var obj = TestObjects.Open("kinds");

        var error = Assert.Throws<BpfLayoutException>(() => obj.Knobs.Set("knob_word", 1L));

        Assert.Contains("knob_word: it has 4 bytes, the value 8", error.Message);
    }

    [Fact]
    public void An_unknown_knob_is_refused_with_the_names_that_exist()
    {
        using var obj = TestObjects.Open("kinds");

        var error = Assert.Throws<BpfException>(() => obj.Knobs.Set("knob_wrod", 1u));

        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("knob_byte, knob_long, knob_pair, knob_word", error.Message);
    }

    [Fact]
    public void A_knob_cannot_be_set_after_loading()
    {
        using var obj = TestObjects.Load("kinds");

        Assert.Equal(Errno.EBUSY, Assert.Throws<BpfException>(() => obj.Knobs.Set("knob_word", 1u)).Errno);
    }

    [Fact]
    public void Knobs_carry_their_documentation()
    {
        using var obj = TestObjects.Open("kinds");

        var docs = obj.Knobs.All.ToDictionary(knob => knob.Name, knob => knob.Doc);

        Assert.Equal("a word, in apples", docs["knob_word"]);
        Assert.Null(docs["knob_long"]);
        Assert.Equal(40u, obj.Knobs.Get<uint>("knob_word"));
    }

    private static KnobValues Read(BpfObject obj)
    {
        using var program = obj.OpenProgram("read_knobs");
        KnobValues values = default;
        Assert.Equal(42, program.Call(ref values));
        return values;
    }
}
