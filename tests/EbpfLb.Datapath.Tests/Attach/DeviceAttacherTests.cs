using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Netlink.TrafficControl;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Attach;

/// <summary>Programs at real devices, by TCX and by clsact.</summary>
[Trait("needs", "tc")]
public sealed class DeviceAttacherTests : IDisposable
{
    private readonly DeviceLab lab = new();

    public void Dispose() => lab.Dispose();

    [Theory]
    [InlineData(TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact)]
    public void Packets_meet_the_programs_of_their_direction(TcAttachMode mode)
    {
        var attached = lab.Attach(lab.NewAttacher(mode), DeviceLab.Left, DeviceLab.Right);

        Assert.All(attached, d => Assert.Equal((null, "attached"), (d.Error, d.Action)));
        Assert.Equal(["left", "right"], attached.Select(d => d.Name).Order());
        Assert.Equal((1ul, 1ul, 0ul), lab.Send());
    }

    [Theory]
    [InlineData(TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact)]
    public void What_is_there_is_kept_and_the_next_agent_puts_its_programs_in_place(TcAttachMode mode)
    {
        using (var first = DeviceAttacher.Create(mode, lab.Paths))
        {
            lab.Attach(first, DeviceLab.Left);
            Assert.Equal("kept", lab.Attach(first, DeviceLab.Left).Single().Action);
        }
        var pins = lab.Pins();
        Assert.Equal((1ul, 0ul, 0ul), lab.Send());

        lab.NewPrograms();
        var attached = lab.Attach(lab.NewAttacher(mode), DeviceLab.Left).Single();

        Assert.Equal("replaced", attached.Action);
        Assert.Equal([lab.Programs["lb_out"].Id], lab.ProgramsAt(DeviceLab.Left, TcDirection.Egress));
        Assert.Equal((lab.Programs["lb_in"].Id, lab.Programs["lb_out"].Id), (attached.IngressProgram, attached.EgressProgram));
        Assert.Equal(pins, lab.Pins());
        Assert.Equal((1ul, 0ul, 0ul), lab.Send());
    }

    [Theory]
    [InlineData(TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact)]
    public void What_somebody_removed_comes_back(TcAttachMode mode)
    {
        var attacher = lab.NewAttacher(mode);
        lab.Attach(attacher, DeviceLab.Left);
        if (mode == TcAttachMode.Tcx)
        {
            using var link = BpfLink.OpenPinned(lab.Paths.Link($"tcx-{lab.IndexOf(DeviceLab.Left)}-out"));
            link.Detach();
        }
        else
        {
            var index = lab.IndexOf(DeviceLab.Left);
            lab.Run(() => lab.Keep(ClsactClient.Open()).Remove(index));
        }
        Assert.Equal((0ul, 0ul, 0ul), lab.Send());

        Assert.Equal("attached", lab.Attach(attacher, DeviceLab.Left).Single().Action);
        Assert.Equal((1ul, 0ul, 0ul), lab.Send());
    }

    [Fact]
    public void A_pin_that_somebody_removed_comes_back()
    {
        var attacher = lab.NewAttacher(TcAttachMode.Tcx);
        lab.Attach(attacher, DeviceLab.Left);
        var pins = lab.Pins();
        foreach (var pin in pins) Pin.Remove(lab.Paths.Link(pin));

        lab.Attach(attacher, DeviceLab.Left);

        Assert.Equal(pins, lab.Pins());
    }

    [Theory]
    [InlineData(TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact)]
    public void Programs_of_others_stay_and_run_behind_ours(TcAttachMode mode)
    {
        var index = lab.IndexOf(DeviceLab.Left);
        var other = lab.Programs["lb_other"];
        if (mode == TcAttachMode.Tcx) lab.Keep(lab.Run(() => BpfLink.AttachTcx(other, index, ingress: false)));
        else AddFilterOfOthers(index, other, priority: 300);

        lab.Attach(lab.NewAttacher(mode), DeviceLab.Left);
        Assert.Equal([lab.Programs["lb_out"].Id, other.Id], lab.ProgramsAt(DeviceLab.Left, TcDirection.Egress));
        Assert.Equal((1ul, 0ul, 1ul), lab.Send());

        lab.Run(() => Instances.Remove(lab.Options));
        Assert.Equal([other.Id], lab.ProgramsAt(DeviceLab.Left, TcDirection.Egress));
        Assert.Equal((0ul, 0ul, 1ul), lab.Send());
    }

    [Theory]
    [InlineData(TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact)]
    public void A_device_that_is_no_longer_wanted_loses_the_programs(TcAttachMode mode)
    {
        var attacher = lab.NewAttacher(mode);
        lab.Attach(attacher, DeviceLab.Left, DeviceLab.Right);

        lab.Attach(attacher, DeviceLab.Right);

        Assert.Empty(lab.ProgramsAt(DeviceLab.Left, TcDirection.Egress));
        Assert.False(lab.HasClsact(DeviceLab.Left));
        Assert.Equal((0ul, 1ul, 0ul), lab.Send());
        Assert.All(lab.Pins(), pin => Assert.Contains($"-{lab.IndexOf(DeviceLab.Right)}", pin));
    }

    [Theory]
    [InlineData(TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact)]
    public void Of_a_device_that_is_gone_nothing_stays(TcAttachMode mode)
    {
        var attacher = lab.NewAttacher(mode);
        lab.Attach(attacher, DeviceLab.Left, DeviceLab.Right);
        Assert.NotEmpty(lab.Pins());

        lab.Configure("link del left");
        Assert.Empty(lab.Attach(attacher, DeviceLab.Left, DeviceLab.Right));

        Assert.Empty(lab.Pins());
    }

    [Theory]
    [InlineData(TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact)]
    public void Removing_the_instance_removes_programs_pins_and_the_qdisc(TcAttachMode mode)
    {
        using (var attacher = DeviceAttacher.Create(mode, lab.Paths)) lab.Attach(attacher, DeviceLab.Left, DeviceLab.Right);
        Assert.Equal(mode == TcAttachMode.Clsact, lab.HasClsact(DeviceLab.Right));

        var removed = lab.Run(() => Instances.Remove(lab.Options));

        Assert.NotEmpty(removed);
        Assert.Equal((0ul, 0ul, 0ul), lab.Send());
        Assert.False(lab.HasClsact(DeviceLab.Right));
        Assert.False(Directory.Exists(lab.Paths.Root));
    }

    [Fact]
    public void A_qdisc_that_we_made_stays_while_others_use_it()
    {
        using (var attacher = DeviceAttacher.Create(TcAttachMode.Clsact, lab.Paths)) lab.Attach(attacher, DeviceLab.Left);
        AddFilterOfOthers(lab.IndexOf(DeviceLab.Left), lab.Programs["lb_other"], priority: 10, makeQdisc: false);

        lab.Run(() => Instances.Remove(lab.Options));

        Assert.Equal((0ul, 0ul, 1ul), lab.Send());
    }

    [Fact]
    public void Another_method_takes_over_without_leaving_anything()
    {
        using (var tcx = DeviceAttacher.Create(TcAttachMode.Tcx, lab.Paths)) lab.Attach(tcx, DeviceLab.Left);
        using (var clsact = DeviceAttacher.Create(TcAttachMode.Clsact, lab.Paths)) lab.Attach(clsact, DeviceLab.Left);
        Assert.Equal((1ul, 0ul, 0ul), lab.Send());
        Assert.All(lab.Pins(), pin => Assert.DoesNotContain("tcx", pin));

        lab.Attach(lab.NewAttacher(TcAttachMode.Auto), DeviceLab.Left);
        Assert.Equal((1ul, 0ul, 0ul), lab.Send());
        Assert.False(lab.HasClsact(DeviceLab.Left));
    }

    [Fact]
    public void A_device_that_refuses_does_not_keep_the_others_out()
    {
        // The qdisc "ingress" has the place of clsact and cannot take filters for egress.
        var (code, output) = ChildProcess.Run(lab.Place, RepositoryPaths.Tool("tc"), "qdisc", "add", "dev", "right", "ingress");
        Assert.True(code == 0, output);

        var attached = lab.Attach(lab.NewAttacher(TcAttachMode.Clsact), DeviceLab.Left, DeviceLab.Right).ToDictionary(d => d.Name);

        Assert.Null(attached["left"].Error);
        Assert.Contains("its qdisc \"ingress\" is in the place", attached["right"].Error);
        Assert.Equal((1ul, 0ul, 0ul), lab.Send());
        Assert.Equal([DeviceLab.Left], attached.Values.Where(d => d.IngressProgram != 0).Select(d => d.Name));
    }

    [Fact]
    public void A_device_without_Ethernet_gets_the_programs_that_expect_none()
    {
        lab.Configure("tuntap add dev tun0 mode tun", "link set tun0 up");

        var attached = lab.Attach(lab.NewAttacher(TcAttachMode.Auto), "tun0").Single();

        Assert.Equal((lab.Programs["lb_in_l3"].Id, lab.Programs["lb_out_l3"].Id), (attached.IngressProgram, attached.EgressProgram));
        Assert.Equal([lab.Programs["lb_in_l3"].Id], lab.ProgramsAt("tun0", TcDirection.Ingress));
    }

    private void AddFilterOfOthers(int index, BpfProgram program, ushort priority, bool makeQdisc = true) => lab.Run(() =>
    {
        using var clsact = ClsactClient.Open();
        if (makeQdisc) clsact.Add(index);
        clsact.Add(new BpfFilter(index, TcDirection.Egress, priority, 1, program.Fd, "somebody-else"));
    });
}
