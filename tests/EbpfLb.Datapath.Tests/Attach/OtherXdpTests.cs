using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Attach;

public sealed class OtherXdpTests
{
    /// <summary>ip needs the mode, libxdp's dispatcher goes by libxdp, and what a link holds by the link alone.</summary>
    [Theory]
    [InlineData("filter", "driver", new uint[0], "filter (id 7, driver)", "`ip link set dev eth0 xdpdrv off`")]
    [InlineData("filter", "generic", new uint[0], "filter (id 7, generic)", "`ip link set dev eth0 xdpgeneric off`")]
    [InlineData("filter", "hardware", new uint[0], "filter (id 7, hardware)", "`ip link set dev eth0 xdpoffload off`")]
    [InlineData(null, "driver", new uint[0], "ended (id 7, driver)", "`ip link set dev eth0 xdpdrv off`")]
    [InlineData("xdp_dispatcher", "generic", new uint[0],
        "xdp_dispatcher (id 7, generic; `xdp-loader status eth0` lists those that it calls)", "`xdp-loader unload eth0 --all`")]
    [InlineData("filter", "generic", new uint[] { 3 }, "filter (id 7, generic)", "`bpftool link detach id 3`")]
    [InlineData("filter", "driver", new uint[] { 3, 9 }, "filter (id 7, driver)",
        "`bpftool link detach id 3` or `bpftool link detach id 9`")]
    public void It_is_named_with_the_command_that_takes_it_away(string? name, string mode, uint[] links, string text, string removal)
    {
        var other = new OtherXdp("eth0", 7, name, mode, links);

        Assert.Equal((text, removal), ($"{other}", other.Removal));
    }

    /// <summary>
    /// What is there by a link, as ours, is refused to ip. For a program in another mode than ours the kernel has another errno, which is
    /// that of devices above, too.
    /// </summary>
    [Theory]
    [InlineData(XdpMode.Driver, false, false)]
    [InlineData(XdpMode.Driver, true, false)]
    [InlineData(XdpMode.Generic, false, false)]
    [InlineData(XdpMode.Generic, true, false)]
    [InlineData(XdpMode.Driver, false, true)]
    [InlineData(XdpMode.Driver, true, true)]
    [InlineData(XdpMode.Generic, false, true)]
    [InlineData(XdpMode.Generic, true, true)]
    public void It_stays_and_is_the_reason_why_ours_is_not_there_until_the_command_that_is_named_takes_it_away(
        XdpMode mode, bool isGeneric, bool byLink)
    {
        using var lab = new DeviceLab();
        var (ours, theirs) = (lab.NewXdp(), lab.NewXdp());
        var index = lab.IndexOf(DeviceLab.Left);
        var link = byLink ? lab.Keep(lab.Run(() => BpfLink.AttachXdp(theirs, index, isGeneric))) : null;
        var (there, word) = isGeneric ? ("generic", "xdpgeneric") : ("driver", "xdpdrv");
        if (!byLink) Call(lab, "bpftool", "net", "attach", word, "id", $"{theirs.Id}", "dev", DeviceLab.Left);

        using var hooks = new XdpHooks(mode, lab.Paths, () => ours, _ => lab.NewXdp());
        var attached = Attach(lab, hooks);

        var problem = attached[DeviceLab.Left].Xdp!.Problem!;
        var removal = byLink ? $"bpftool link detach id {link!.Info.Id}" : $"ip link set dev left {word} off";
        Assert.StartsWith($"another XDP program is at left, {theirs.Name} (id {theirs.Id}, {there}): where it is not needed, `{removal}` "
            + "takes it away", problem, StringComparison.Ordinal);
        Assert.Null(attached[DeviceLab.Right].Xdp!.Problem);
        Assert.Equal([theirs.Id], ProgramsAt(lab, index));

        Call(lab, problem.Split('`')[1].Split(' '));
        Assert.Empty(ProgramsAt(lab, index));
        Assert.Equal(new XdpState(mode, ours.Id, null), Attach(lab, hooks)[DeviceLab.Left].Xdp);
    }

    private static Dictionary<string, AttachedDevice> Attach(DeviceLab lab, XdpHooks hooks)
    {
        var devices = lab.Attach(lab.NewAttacher(TcAttachMode.Auto), DeviceLab.Left, DeviceLab.Right);
        return lab.Run(() => hooks.Attach(devices)).ToDictionary(d => d.Name);
    }

    private static IEnumerable<uint> ProgramsAt(DeviceLab lab, int index)
    {
        using var reader = lab.Run(NetworkReader.Open);
        return [.. reader.ReadXdp().Where(at => at.Index == index).SelectMany(at => at.Programs)];
    }

    private static void Call(DeviceLab lab, params string[] command)
    {
        var (code, text) = ChildProcess.Run(lab.Place, [RepositoryPaths.Tool(command[0]), .. command[1..]]);
        Assert.True(code == 0, text);
    }
}
