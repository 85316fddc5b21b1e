using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Attach;

/// <summary>XDP programs at devices, of both modes, with those of others beside them.</summary>
public sealed class XdpHooksTests : IDisposable
{
    private readonly DeviceLab lab = new();
    private readonly List<int> bonds = [];
    private BpfProgram program;

    public XdpHooksTests() => program = lab.NewXdp();

    [Theory]
    [InlineData(XdpMode.Driver)]
    [InlineData(XdpMode.Generic)]
    public void The_next_agent_takes_the_link_over_and_puts_its_program_there(XdpMode mode)
    {
        using (var hooks = NewHooks(mode)) Assert.Equal(new XdpState(mode, program.Id, null), Attach(hooks, DeviceLab.Left)["left"].Xdp);
        var first = ProgramAt("left");
        Assert.Equal(program.Id, first);

        program = lab.NewXdp();
        using var next = NewHooks(mode);
        Assert.Equal(program.Id, Attach(next, DeviceLab.Left)["left"].Xdp!.Program);

        Assert.NotEqual(first, ProgramAt("left"));
        Assert.Equal([PinOf("left", mode)], lab.Pins().Where(p => p.StartsWith("xdp", StringComparison.Ordinal)));
    }

    [Fact]
    public void Another_mode_takes_the_place_of_the_one_of_before()
    {
        using (var driver = NewHooks(XdpMode.Driver)) Attach(driver, DeviceLab.Left);

        using var generic = NewHooks(XdpMode.Generic);
        Assert.Null(Attach(generic, DeviceLab.Left)["left"].Xdp!.Problem);

        Assert.Contains(" xdpgeneric ", Show("left"), StringComparison.Ordinal);
        Assert.Equal([PinOf("left", XdpMode.Generic)], lab.Pins().Where(p => p.StartsWith("xdp", StringComparison.Ordinal)));
    }

    [Fact]
    public void Where_it_is_not_wanted_any_more_it_goes()
    {
        using (var hooks = NewHooks(XdpMode.Driver)) Attach(hooks, DeviceLab.Left, DeviceLab.Right);

        using (var one = NewHooks(XdpMode.Driver)) Attach(one, DeviceLab.Right);
        Assert.Equal((0u, program.Id), (ProgramAt("left"), ProgramAt("right")));

        using var off = NewHooks(XdpMode.Off);
        Assert.Null(Attach(off, DeviceLab.Right)["right"].Xdp);
        Assert.Equal(0u, ProgramAt("right"));
        Assert.DoesNotContain(lab.Pins(), p => p.StartsWith("xdp", StringComparison.Ordinal));
    }

    [Fact]
    public void What_somebody_detached_or_unpinned_comes_back()
    {
        using var hooks = NewHooks(XdpMode.Driver);
        var attached = Attach(hooks, DeviceLab.Left, DeviceLab.Right);
        var pin = lab.Paths.Link(PinOf("left", XdpMode.Driver));
        Assert.Empty(Faults());
        using (var link = BpfLink.OpenPinned(pin)) link.Detach();
        Assert.Equal(0u, ProgramAt("left"));
        Assert.Equal(["device left xdp"], Faults());

        Attach(hooks, DeviceLab.Left, DeviceLab.Right);
        Assert.Equal(["left"], hooks.PutBack);
        Assert.Equal(program.Id, ProgramAt("left"));
        Pin.Remove(pin);
        Assert.Equal([Path.GetFileName(pin)], hooks.MissingPins(attached.Values));
        Attach(hooks, DeviceLab.Left, DeviceLab.Right);

        Assert.Empty(hooks.PutBack);
        Assert.Empty(Faults());
        Assert.True(Pin.Exists(pin));
        Assert.Equal(program.Id, ProgramAt("left"));

        IEnumerable<string> Faults() => lab.Run(() => hooks.Faults([.. attached.Values])).Select(f => f.Object);
    }

    [Fact]
    public void A_device_without_Ethernet_says_why_it_has_none()
    {
        lab.Configure("tuntap add dev tun0 mode tun", "link set tun0 up");

        using var hooks = NewHooks(XdpMode.Driver);

        Assert.Equal("its packets have no Ethernet header", Attach(hooks, "tun0")["tun0"].Xdp!.Problem);
    }

    /// <summary>Nothing is put at its ports instead.</summary>
    [Fact]
    public void A_bridge_has_none_by_its_driver_and_says_so()
    {
        lab.Configure("link add br0 type bridge", "link set left master br0", "link set br0 up");

        using (var driver = NewHooks(XdpMode.Driver))
            Assert.StartsWith("the driver of br0 refuses XDP: ", Attach(driver, "br0")["br0"].Xdp!.Problem, StringComparison.Ordinal);
        Assert.Equal((0u, 0u), (ProgramAt("br0"), ProgramAt("left")));

        using var generic = NewHooks(XdpMode.Generic);
        Assert.Null(Attach(generic, "br0")["br0"].Xdp!.Problem);
        Assert.Equal((program.Id, 0u), (ProgramAt("br0"), ProgramAt("left")));
    }

    /// <summary>A tag that the device keeps beside the frame is not seen by XDP.</summary>
    [Theory]
    [InlineData(XdpMode.Driver)]
    [InlineData(XdpMode.Generic)]
    public void Where_a_VLAN_is_put_on_a_device_that_hides_its_tags_the_program_goes_and_the_VLAN_is_the_reason(XdpMode mode)
    {
        using var hooks = NewHooks(mode);
        Assert.Null(Attach(hooks, DeviceLab.Left)["left"].Xdp!.Problem);

        var problem = AttachAs(hooks, d => d with { Vlan = "left.7" }).Xdp!.Problem;

        Assert.Equal("the VLAN left.7 is on it, and XDP cannot tell its frames from the device's own", problem);
        Assert.Equal(0u, ProgramAt("left"));
        Assert.DoesNotContain(lab.Pins(), p => p.StartsWith("xdp", StringComparison.Ordinal));
    }

    /// <summary>By its driver a bond's program runs at the ports; by the stack after it has taken the tag off there.</summary>
    [Theory]
    [InlineData(XdpMode.Driver, null, true, null)]
    [InlineData(XdpMode.Generic, null, true, null)]
    [InlineData(XdpMode.Driver, null, false, ": have it leave the tags in them (ethtool -K left rxvlan off rx-vlan-stag-hw-parse off)")]
    [InlineData(XdpMode.Driver, "bond", true, null)]
    [InlineData(
        XdpMode.Driver, "bond", false,
        ": have its ports leave the tags in them (ethtool -K PORT rxvlan off rx-vlan-stag-hw-parse off)")]
    [InlineData(XdpMode.Generic, "bond", true, "")]
    [InlineData(XdpMode.Driver, "veth", false, "")]
    public void Beside_a_VLAN_a_device_has_it_if_the_tags_are_in_the_frames(XdpMode mode, string? kind, bool inFrames, string? remedy)
    {
        using var hooks = NewHooks(mode);

        var problem = AttachAs(
            hooks, d => d with { Vlan = "left.7", HasTagsInFrames = inFrames, Link = d.Link with { Kind = kind } }).Xdp!.Problem;

        Assert.Equal(
            remedy is null ? null : "the VLAN left.7 is on it, and XDP cannot tell its frames from the device's own" + remedy, problem);
        Assert.Equal(remedy is null, ProgramAt("left") != 0);
    }

    /// <summary>This kernel may have no VLANs, so left stands for one on right.</summary>
    [Fact]
    public void By_the_driver_the_program_of_a_VLAN_is_at_the_device_below()
    {
        using var hooks = NewHooks(XdpMode.Driver);

        var vlan = AttachAs(hooks, AsVlan(7, hasTags: true));

        Assert.Equal((program.Id, null, "driver at right"), (vlan.Xdp!.Program, vlan.Xdp.Problem, vlan.Xdp.Words));
        Assert.Equal((0u, program.Id), (ProgramAt("left"), ProgramAt("right")));
        Assert.Equal([PinOf("right", XdpMode.Driver)], XdpPins());
        Assert.Empty(lab.Run(() => hooks.Faults([vlan])));
        Assert.Empty(hooks.MissingPins([vlan]));

        using (var link = BpfLink.OpenPinned(lab.Paths.Link(XdpPins().Single()))) link.Detach();
        Assert.Equal(["device left xdp"], lab.Run(() => hooks.Faults([vlan])).Select(f => f.Object));
        AttachAs(hooks, AsVlan(7, hasTags: true));
        Assert.Equal(["right"], hooks.PutBack);

        lab.Run(() => hooks.Attach([]));
        Assert.Equal(0u, ProgramAt("right"));
    }

    [Fact]
    public void VLANs_and_the_device_that_they_are_on_share_a_program()
    {
        using var hooks = NewHooks(XdpMode.Driver);
        var attached = lab.Attach(lab.NewAttacher(TcAttachMode.Auto), DeviceLab.Left, DeviceLab.Right).ToDictionary(d => d.Name);
        var (left, right) = (attached["left"], attached["right"]);
        AttachedDevice[] devices = [left with { Decision = AsVlan(7, hasTags: true)(left.Decision) },
            OfIndex(AsVlan(8, hasTags: true)(left.Decision), 999), right];

        Assert.Equal(
            ["driver at right", "driver at right", "driver"], lab.Run(() => hooks.Attach(devices)).Select(d => d.Xdp!.Words));
        Assert.Equal((0u, program.Id), (ProgramAt("left"), ProgramAt("right")));
        Assert.Equal([PinOf("right", XdpMode.Driver)], XdpPins());

        lab.Run(() => hooks.Attach(devices[..1]));
        Assert.Equal(program.Id, ProgramAt("right"));

        AttachedDevice OfIndex(DeviceDecision device, int index)
            => left with { Decision = device with { Link = device.Link with { Index = index } } };
    }

    /// <summary>XDP would hand packets to a tc that is not there.</summary>
    [Fact]
    public void Where_a_VLAN_has_no_program_of_tc_its_neighbours_have_none_of_XDP()
    {
        using var hooks = NewHooks(XdpMode.Driver);
        var attached = lab.Attach(lab.NewAttacher(TcAttachMode.Auto), DeviceLab.Left, DeviceLab.Right).ToDictionary(d => d.Name);
        var left = attached["left"] with { Decision = AsVlan(7, hasTags: true)(attached["left"].Decision), Error = "refused" };

        var problems = lab.Run(() => hooks.Attach([left, attached["right"]])).Select(d => d.Xdp!.Problem);

        Assert.Equal(["its packets have no program of tc", "those of left have no program of tc"], problems);
        Assert.Equal(0u, ProgramAt("right"));
    }

    /// <summary>As an agent leaves it that is started anew with the other mode; the kernel refuses one below another.</summary>
    [Fact]
    public void What_a_VLAN_had_by_the_stack_goes_before_the_driver_of_the_device_below_is_asked()
    {
        using (var generic = NewHooks(XdpMode.Generic)) AttachAs(generic, AsVlan(7, hasTags: true));
        Assert.Equal((program.Id, 0u), (ProgramAt("left"), ProgramAt("right")));

        using var driver = NewHooks(XdpMode.Driver);
        Assert.Null(AttachAs(driver, AsVlan(7, hasTags: true)).Xdp!.Problem);

        Assert.Equal((0u, program.Id), (ProgramAt("left"), ProgramAt("right")));
    }

    [Theory]
    [InlineData(7, false,
        "XDP would be at right, where its frames come in without a tag"
            + ": have it leave the tags in them (ethtool -K right rxvlan off rx-vlan-stag-hw-parse off)")]
    [InlineData(0, true, "its tags are of 802.1ad, or have priorities (egress-qos-map), which XDP does not write")]
    public void A_VLAN_that_XDP_cannot_tell_or_tag_says_why(int id, bool hasTags, string problem)
    {
        using var hooks = NewHooks(XdpMode.Driver);

        Assert.Equal(problem, AttachAs(hooks, AsVlan((ushort)id, hasTags)).Xdp!.Problem);

        Assert.Equal((0u, 0u), (ProgramAt("left"), ProgramAt("right")));
    }

    [Fact]
    public void A_VLAN_whose_device_is_a_port_or_not_to_be_had_says_so()
    {
        using var hooks = NewHooks(XdpMode.Driver);

        Assert.Equal("right, which it is on, belongs to a bond or bridge", On(lower => (lower with { MasterIndex = 9 }, true)));
        Assert.Equal("the device that it is on is excluded, or in another network namespace", On(_ => null));
        Assert.Equal((0u, 0u), (ProgramAt("left"), ProgramAt("right")));

        string? On(Func<Link, (Link, bool)?> change) => AttachAs(hooks, d =>
        {
            var vlan = AsVlan(7, hasTags: true)(d);
            return vlan with { Lower = change(vlan.Lower!.Value.Link) };
        }).Xdp!.Problem;
    }

    [Fact]
    public void By_the_stack_a_VLAN_has_the_program_itself()
    {
        using var hooks = NewHooks(XdpMode.Generic);

        Assert.Null(AttachAs(hooks, AsVlan(7, hasTags: true)).Xdp!.Problem);

        Assert.Equal((program.Id, 0u), (ProgramAt("left"), ProgramAt("right")));
    }

    /// <summary>This kernel may have no bonds, so a veth stands for one.</summary>
    [Theory]
    [InlineData(XdpMode.Driver, true)]
    [InlineData(XdpMode.Generic, false)]
    public void By_its_driver_a_bond_has_a_program_of_its_own_and_keeps_it(XdpMode mode, bool hasOwn)
    {
        using var hooks = NewHooks(mode);
        var bond = AttachAs(hooks, AsBond);

        Assert.Equal(new XdpState(mode, bond.Xdp!.Program, null), bond.Xdp);
        Assert.Equal(bond.Xdp.Program, ProgramAt("left"));
        Assert.Equal(hasOwn, program.Id != bond.Xdp.Program);
        Assert.Equal(bond.Xdp, AttachAs(hooks, AsBond).Xdp);
        Assert.Equal(hasOwn ? [lab.IndexOf(DeviceLab.Left)] : [], bonds);
    }

    [Fact]
    public void The_program_of_a_bond_that_is_gone_goes_and_the_next_one_gets_another()
    {
        using var hooks = NewHooks(XdpMode.Driver);
        var first = AttachAs(hooks, AsBond).Xdp!.Program;
        lab.Run(() => hooks.Attach([]));
        Assert.Equal(0u, ProgramAt("left"));

        var second = AttachAs(hooks, AsBond).Xdp!.Program;

        Assert.NotEqual(first, second);
        Assert.Equal(2, bonds.Count);
    }

    [Fact]
    public void Of_a_device_that_is_gone_no_pin_stays()
    {
        using var hooks = NewHooks(XdpMode.Driver);
        Attach(hooks, DeviceLab.Left);
        lab.Configure("link del left");

        Attach(hooks);

        Assert.DoesNotContain(lab.Pins(), p => p.StartsWith("xdp", StringComparison.Ordinal));
    }

    [Fact]
    public void Removing_the_instance_removes_it()
    {
        using (var hooks = NewHooks(XdpMode.Driver)) Attach(hooks, DeviceLab.Left);

        lab.Run(() => Instances.Remove(lab.Options));

        Assert.Equal(0u, ProgramAt("left"));
    }

    public void Dispose() => lab.Dispose();

    private XdpHooks NewHooks(XdpMode mode) => new(mode, lab.Paths, () => program, index =>
    {
        bonds.Add(index);
        return lab.NewXdp();
    });

    private IEnumerable<string> XdpPins() => lab.Pins().Where(p => p.StartsWith("xdp", StringComparison.Ordinal));

    /// <summary>On right, which is hardware then.</summary>
    private Func<DeviceDecision, DeviceDecision> AsVlan(ushort id, bool hasTags)
    {
        using var reader = lab.Run(NetworkReader.Open);
        var lower = reader.ReadLinks().Single(l => l.Name == DeviceLab.Right) with { Kind = null };
        return device => device with { Link = device.Link with { Kind = Link.Vlan, VlanId = id }, Lower = (lower, hasTags) };
    }

    private static DeviceDecision AsBond(DeviceDecision device) => device with { Link = device.Link with { Kind = "bond" } };

    private Dictionary<string, AttachedDevice> Attach(XdpHooks hooks, params string[] devices)
    {
        var attacher = lab.NewAttacher(TcAttachMode.Auto);
        var attached = lab.Attach(attacher, devices);
        return lab.Run(() => hooks.Attach(attached)).ToDictionary(d => d.Name);
    }

    /// <summary>Attaches to left, as if it were what `change` makes of it.</summary>
    private AttachedDevice AttachAs(XdpHooks hooks, Func<DeviceDecision, DeviceDecision> change)
    {
        var attached = lab.Attach(lab.NewAttacher(TcAttachMode.Auto), DeviceLab.Left);
        return lab.Run(() => hooks.Attach([.. attached.Select(d => d with { Decision = change(d.Decision) })])).Single();
    }

    private string PinOf(string device, XdpMode mode) => $"xdp-{lab.IndexOf(device)}-{mode.ToString().ToLowerInvariant()}";

    /// <summary>Id of the XDP program at a device, whoever put it there; 0: none.</summary>
    private uint ProgramAt(string device)
    {
        var words = Show(device).Split(' ', StringSplitOptions.RemoveEmptyEntries).ToList();
        var at = words.FindIndex(w => w.StartsWith("prog/xdp", StringComparison.Ordinal));
        return at < 0 ? 0 : uint.Parse(words[at + 2], System.Globalization.CultureInfo.InvariantCulture);
    }

    private string Show(string device)
    {
        var (code, text) = ChildProcess.Run(lab.Place, RepositoryPaths.Tool("ip"), "-d", "link", "show", device);
        Assert.True(code == 0, text);
        return text.ReplaceLineEndings(" ");
    }
}
