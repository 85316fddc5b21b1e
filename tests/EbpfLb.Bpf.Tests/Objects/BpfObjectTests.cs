namespace EbpfLb.Bpf.Tests.Objects;

public sealed class BpfObjectTests
{
    [Fact]
    public void An_object_lists_its_maps_and_programs()
    {
        using var obj = TestObjects.Open("kinds");

        Assert.Equal(
            ["t_array", "t_hash", "t_percpu", "t_ring"],
            obj.Maps.Values.Where(map => !map.IsInternal).Select(map => map.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["count_here", "emit_records", "grow_marker", "read_array", "read_knobs"], obj.Programs.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(ProgramType.SchedCls, obj.Program("grow_marker").Type);
    }

    [Fact]
    public void A_map_is_created_with_the_size_that_was_set()
    {
        using var obj = TestObjects.Load("kinds", o => o.Map("t_hash").MaxEntries = 77);

        using var map = obj.OpenMap("t_hash");

        Assert.Equal(77u, map.Info.MaxEntries);
    }

    [Fact]
    public void A_size_cannot_be_changed_after_loading()
    {
        using var obj = TestObjects.Load("kinds");

        var error = Assert.Throws<BpfException>(() => obj.Map("t_hash").MaxEntries = 1);

        Assert.Equal(Errno.EBUSY, error.Errno);
    }

    [Fact]
    public void Nothing_can_be_taken_out_before_loading()
    {
        using var obj = TestObjects.Open("kinds");

        Assert.Equal(Errno.EBUSY, Assert.Throws<BpfException>(() => obj.OpenMap("t_hash")).Errno);
    }

    [Fact]
    public void What_was_taken_out_outlives_the_object()
    {
        BpfMap<uint, Pair> map;
        using (var obj = TestObjects.Load("kinds"))
            map = obj.OpenMap<uint, Pair>("t_hash");

        using (map)
        {
            map.Update(1, new Pair(2, 3));
            Assert.Equal(new Pair(2, 3), map.Lookup(1));
        }
    }

    [Fact]
    public void A_reused_map_is_shared_between_two_objects()
    {
        using var first = TestObjects.Load("kinds");
        using var shared = first.OpenMap("t_hash");
        using var second = TestObjects.Load("kinds", o => o.Map("t_hash").Reuse(shared));

        using var map = second.OpenMap("t_hash");

        Assert.Equal(shared.Info.Id, map.Info.Id);
    }

    [Fact]
    public void A_map_of_another_layout_cannot_be_reused()
    {
        using var first = TestObjects.Load("kinds");
        using var other = first.OpenMap("t_percpu");
        using var second = TestObjects.Open("kinds");

        var error = Assert.Throws<BpfLayoutException>(() => second.Map("t_hash").Reuse(other));

        Assert.Contains("PerCpuArray with 4+12 bytes, the object wants Hash with 4+8", error.Message);
    }

    [Fact]
    public void A_refused_program_is_named_and_the_verifier_is_quoted()
    {
        var error = Assert.Throws<BpfLoadException>(() => TestObjects.Load("refused"));

        Assert.Equal("no_null_check", error.ProgramName);
        Assert.Equal(Errno.EACCES, error.Errno);
        Assert.Contains("invalid mem access 'map_value_or_null'", error.VerifierLog);
        Assert.DoesNotContain("processed ", error.VerifierLog);
        Assert.Contains(error.LibraryLog, line => line.Contains("no_null_check"));
        Assert.Contains(error.VerifierLog, error.Message);
        Assert.StartsWith("load refused, program no_null_check: EACCES (13, Permission denied); the verifier: ", error.Summary);
        Assert.EndsWith("invalid mem access 'map_value_or_null'", error.Summary);
        Assert.DoesNotContain('\n', error.Summary);
    }

    [Fact]
    public void A_program_that_is_left_out_is_not_verified()
    {
        using var obj = TestObjects.Load("refused", o => o.Program("no_null_check").AutoLoad = false);

        using var harmless = obj.OpenProgram("harmless");

        Assert.Equal(ProgramType.SchedCls, harmless.Info.Type);
        Assert.Equal(Errno.ENOENT, Assert.Throws<BpfException>(() => obj.OpenProgram("no_null_check")).Errno);
    }

    [Fact]
    public void The_logger_gets_what_libbpf_says()
    {
        List<(BpfLogLevel Level, string Line)> lines = [];
        using var obj = BpfObject.Open(
            TestObjects.Bytes("refused"), new ObjectOpenOptions("refused", (level, line) => lines.Add((level, line))));

        Assert.Throws<BpfLoadException>(obj.Load);

        Assert.Contains(lines, entry => entry.Level == BpfLogLevel.Warning && entry.Line.Contains("no_null_check"));
        Assert.Contains(lines, entry => entry.Level == BpfLogLevel.Debug && entry.Line.Contains("t_cells"));
    }

    [Fact]
    public void A_broken_object_is_refused()
    {
        var cut = TestObjects.Bytes("kinds").AsSpan(0, 700).ToArray();

        Assert.Equal(Errno.LibbpfFormat, Assert.Throws<BpfLoadException>(() => BpfObject.Open(cut)).Errno);
        Assert.Equal(Errno.LibbpfFormat, Assert.Throws<BpfLoadException>(() => BpfObject.Open([1, 2, 3])).Errno);
    }

    [Fact]
    public void An_unknown_name_is_refused_with_the_names_that_exist()
    {
        using var obj = TestObjects.Open("refused");

        Assert.Contains("harmless, no_null_check", Assert.Throws<BpfException>(() => obj.Program("harmful")).Message);
    }
}
