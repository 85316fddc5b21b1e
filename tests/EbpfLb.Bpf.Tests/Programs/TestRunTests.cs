using System.Buffers.Binary;

namespace EbpfLb.Bpf.Tests.Programs;

public sealed class TestRunTests
{
    private const int MarkOffset = 8; // offsetof(struct __sk_buff, mark)

    [Fact]
    public void A_packet_goes_in_and_the_changed_one_comes_out()
    {
        using var obj = TestObjects.Load("kinds");
        using var program = obj.OpenProgram("grow_marker");
        var packet = new byte[64];
        packet[14] = 41;

        var result = program.TestRun(new TestRunRequest { Data = packet });

        Assert.Equal(7u, result.ReturnValue);
        Assert.Equal(64, result.Data.Length);
        Assert.Equal(42, result.Data[14]);
    }

    [Fact]
    public void The_context_goes_in_and_comes_out()
    {
        using var obj = TestObjects.Load("kinds");
        using var program = obj.OpenProgram("grow_marker");
        var context = new byte[192];
        BinaryPrimitives.WriteUInt32LittleEndian(context.AsSpan(MarkOffset), 100);

        var result = program.TestRun(new TestRunRequest { Data = new byte[64], Context = context });

        Assert.Equal(105u, BinaryPrimitives.ReadUInt32LittleEndian(result.Context.AsSpan(MarkOffset)));
    }

    [Fact]
    public void A_repeated_program_meets_the_packet_that_it_left()
    {
        using var obj = TestObjects.Load("kinds");
        using var program = obj.OpenProgram("grow_marker");

        var result = program.TestRun(new TestRunRequest { Data = new byte[64], Repeat = 100 });

        Assert.Equal(100, result.Data[14]);
        Assert.Equal(result.DurationNanoseconds / 100, (uint)result.Duration.Ticks);
    }

    [Fact]
    public void A_packet_too_short_for_ethernet_is_refused()
    {
        using var obj = TestObjects.Load("kinds");
        using var program = obj.OpenProgram("grow_marker");

        Assert.Equal(Errno.EINVAL, Assert.Throws<BpfException>(() => program.TestRun(new TestRunRequest { Data = new byte[5] })).Errno);
    }

    [Fact]
    public void A_packet_that_does_not_fit_is_an_error()
    {
        using var obj = TestObjects.Load("kinds");
        using var program = obj.OpenProgram("grow_marker");

        var error = Assert.Throws<BpfException>(() => program.TestRun(new TestRunRequest { Data = new byte[64], DataOutCapacity = 20 }));

        Assert.Equal(Errno.ENOSPC, error.Errno);
    }

    [Fact]
    public void A_program_that_user_space_calls_changes_its_context()
    {
        using var obj = TestObjects.Load("kinds");
        using var program = obj.OpenProgram("read_knobs");

        var result = program.TestRun(new TestRunRequest { Context = new byte[40] });

        Assert.Equal(42u, result.ReturnValue);
        Assert.Equal(7ul, BinaryPrimitives.ReadUInt64LittleEndian(result.Context));
    }

    [Fact]
    public void A_socket_hook_cannot_be_run_so()
    {
        using var obj = TestObjects.Load("sockets");
        using var program = obj.OpenProgram("redirect");

        var error = Assert.Throws<BpfException>(() => program.TestRun(new TestRunRequest { Data = new byte[64] }));

        Assert.Equal(Errno.ENOTSUPP, error.Errno);
        Assert.Contains("not supported by this kernel", error.Message);
    }

    [Fact]
    public void Info_tells_what_the_kernel_knows()
    {
        using var obj = TestObjects.Load("kinds");
        using var program = obj.OpenProgram("grow_marker");

        var info = program.Info;

        Assert.Equal(("grow_marker", ProgramType.SchedCls, program.Id), (info.Name, info.Type, info.Id));
        Assert.Equal(16, info.Tag.Length);
        Assert.NotEqual(0u, info.BtfId);
        Assert.True(info.VerifiedInstructions > 0);
        using var byId = BpfProgram.OpenId(info.Id);
        Assert.Equal(info.Tag, byId.Info.Tag);
    }
}
