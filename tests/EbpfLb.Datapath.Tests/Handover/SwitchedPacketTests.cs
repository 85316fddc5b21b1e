using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Tests.Attach;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Datapath.Tests.Handover;

/// <summary>Packets at devices between programs of before and ours, while the conntrack maps become others.</summary>
[Trait("needs", "tc")]
public sealed class SwitchedPacketTests : IDisposable
{
    private readonly DeviceLab lab = new();

    public void Dispose() => lab.Dispose();

    [Theory]
    [InlineData(TcAttachMode.Tcx, TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Tcx, TcAttachMode.Clsact)]
    [InlineData(TcAttachMode.Clsact, TcAttachMode.Tcx)]
    [InlineData(TcAttachMode.Clsact, TcAttachMode.Clsact)]
    public void Packets_meet_the_programs_of_before_until_they_go_over_wherever_either_are_attached(TcAttachMode before, TcAttachMode after)
    {
        using (var first = ProgramLoader.LoadMaps(lab.Paths, TestInstance.Small, lab.Options, NullLogger.Instance)) first.PinMaps();
        using (var attacher = DeviceAttacher.Create(before, lab.Paths)) lab.Attach(attacher, DeviceLab.Left, DeviceLab.Right);
        using var ours = ProgramLoader.LoadMaps(
            lab.Paths, TestInstance.Small with { Flows = TestInstance.Small.Flows * 2 }, lab.Options, NullLogger.Instance);
        using var switchover = Assert.IsType<Switchover>(Switchover.TryOpen(ours.Maps, NullLogger.Instance));
        using var sockets = new SocketAttacher(lab.Paths, lab.Options.CgroupRoot!);

        lab.Run(() => switchover.Attach(
            sockets, lab.NewAttacher(after), DeviceLab.Decide(DeviceLab.Left, DeviceLab.Right), ours, lab.Paths));

        Assert.Equal((1ul, 1ul, 0ul), lab.Send());

        switchover.Flip();

        Assert.Equal((0ul, 0ul, 0ul), lab.Send());
    }
}
