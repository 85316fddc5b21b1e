using System.Globalization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// XDP links, pinned as links/xdp-IFINDEX-MODE, in front of the programs of tc, which do all that XDP leaves. So a device without one
/// is slower and nothing else.
/// </summary>
/// <param name="program">Loads it when it is asked for first; may throw BpfException.</param>
/// <param name="programOfBond">Loads another one for a bond of that interface index; may throw BpfException.</param>
internal sealed class XdpHooks(XdpMode mode, InstancePaths paths, Func<BpfProgram> program, Func<int, BpfProgram> programOfBond)
    : IDisposable
{
    private const string Prefix = "xdp-";

    private readonly PinnedLinks links = new();
    private readonly List<string> putBack = [];

    /// <summary>By its driver a bond runs the program at its ports and tells it the port, so it has one of its own.</summary>
    private readonly Dictionary<int, BpfProgram> ofBonds = [];

    /// <summary>Devices whose program was there and had to be put there again by the last attaching.</summary>
    public IReadOnlyList<string> PutBack => putBack;

    private string Mode { get; } = mode.ToString().ToLowerInvariant();

    /// <summary>Puts the program at these devices, where it is wanted, and takes it from all others.</summary>
    /// <param name="devices">Those that have the programs of tc, or should.</param>
    public IReadOnlyList<AttachedDevice> Attach(IReadOnlyList<AttachedDevice> devices)
    {
        putBack.Clear();
        List<AttachedDevice> attached = [.. devices];
        if (mode != XdpMode.Off)
        {
            var present = Present();
            attached = [.. devices.Select(d => d with { Xdp = Attach(d, present) })];
        }
        var kept = attached.Where(IsOn).Select(d => PinOf(d.Index)).ToHashSet();
        foreach (var pin in Known().Where(p => !kept.Contains(p))) links.Detach(pin);
        foreach (var gone in ofBonds.Keys.Except(attached.Select(d => d.Index)).ToList()) Forget(gone);
        return attached;
    }

    private void Forget(int bond)
    {
        ofBonds.Remove(bond, out var program);
        program?.Dispose();
    }

    private BpfProgram ProgramFor(AttachedDevice device)
    {
        if (mode != XdpMode.Driver || !IsBond(device.Decision.Link)) return program();
        if (!ofBonds.TryGetValue(device.Index, out var own)) ofBonds.Add(device.Index, own = programOfBond(device.Index));
        return own;
    }

    /// <summary>Programs that are not at their device any more, of devices that had one. A device that is gone is no fault.</summary>
    /// <param name="devices">As <see cref="Attach(IReadOnlyList{AttachedDevice})"/> answered the last time.</param>
    /// <exception cref="NetlinkException">It cannot be looked at.</exception>
    public IReadOnlyList<Difference> Faults(IReadOnlyList<AttachedDevice> devices)
    {
        // The links say it at once; all devices are read only where one is missing, as this is asked each second.
        List<AttachedDevice> missing = [.. devices.Where(d => IsOn(d) && !IsInForce(d))];
        if (missing.Count == 0) return [];
        using var reader = NetworkReader.Open();
        var there = reader.ReadLinks().Select(l => l.Index).ToHashSet();
        return
        [
            .. missing.Where(d => there.Contains(d.Index))
                .Select(d => new Difference(VerifyStage.Attachment, $"device {d.Name} xdp", Mode, "our program", Difference.None)),
        ];
    }

    private bool IsInForce(AttachedDevice device) => links.Open(PinOf(device.Index))?.Info is { } info
        && info.InterfaceIndex == device.Index && info.ProgramId == device.Xdp!.Program;

    /// <summary>Pins that are gone, of devices that had one.</summary>
    public IReadOnlyList<string> MissingPins(IEnumerable<AttachedDevice> devices)
        => [.. devices.Where(d => IsOn(d) && !Pin.Exists(PinOf(d.Index))).Select(d => Path.GetFileName(PinOf(d.Index)))];

    public void Dispose()
    {
        links.Dispose();
        foreach (var own in ofBonds.Values) own.Dispose();
    }

    private static bool IsOn(AttachedDevice device) => device.Xdp is { Problem: null };

    private static ILookup<int, XdpAttachment> Present()
    {
        using var reader = NetworkReader.Open();
        return reader.ReadXdp().ToLookup(a => a.Index);
    }

    private XdpState Attach(AttachedDevice device, ILookup<int, XdpAttachment> present)
    {
        if (device.Error is not null) return new XdpState(mode, 0, "its packets have no program of tc");
        if (!device.Decision.HasEthernet) return new XdpState(mode, 0, "its packets have no Ethernet header");
        if (HidesTags(device.Decision))
            return new XdpState(mode, 0, $"the VLAN {device.Decision.Vlan} is on it, and XDP cannot tell its frames from the device's own"
                + TagsRemedy(device.Decision.Link));
        try
        {
            return new XdpState(mode, AttachLink(device, present), null);
        }
        catch (BpfException e)
        {
            return new XdpState(mode, 0, e.Errno switch
            {
                Errno.EBUSY => $"another XDP program is there: take it away, or leave the device out of XDP by {OptionNames.Xdp} off",
                Errno.EOPNOTSUPP or Errno.EINVAL when mode == XdpMode.Driver && IsBond(device.Decision.Link)
                    => $"the bond's mode, or the driver of one of its ports, refuses XDP: {e.Summary}",
                Errno.EOPNOTSUPP or Errno.EINVAL => $"the driver refuses XDP: {e.Summary}",
                _ => e.Summary,
            });
        }
    }

    /// <summary>
    /// The tag is not in the frame where the device takes it off, nor between two veths; nor at a bond, as the stack takes it off at the
    /// ports. So a frame of the VLAN would be taken for one of this device, and its flow answered by the wrong way.
    /// </summary>
    private bool HidesTags(DeviceDecision device)
        => device.Vlan.Length > 0 && !(device.HasTagsInFrames && (mode == XdpMode.Driver || !IsBond(device.Link)));

    private string TagsRemedy(Link link) => (link.Kind, mode) switch
    {
        (null, _) => $": have it leave the tags in them (ethtool -K {link.Name} rxvlan off rx-vlan-stag-hw-parse off)",
        (NetworkFacts.Bond, XdpMode.Driver)
            => ": have its ports leave the tags in them (ethtool -K PORT rxvlan off rx-vlan-stag-hw-parse off)",
        _ => "",
    };

    private static bool IsBond(Link link) => link.Kind == NetworkFacts.Bond;

    private uint AttachLink(AttachedDevice device, ILookup<int, XdpAttachment> present)
    {
        var index = device.Index;
        // A link keeps its mode.
        foreach (var other in Known().Where(p => IsOf(p, index) && p != PinOf(index))) links.Detach(other);
        var ours = ProgramFor(device);
        // Held since an earlier look, not found as a pin of an agent before.
        var known = links.Pins.Contains(PinOf(index));
        var link = links.Open(PinOf(index));
        // A dead link has lost its device. One whose program is not there is of a device of the same index in another namespace.
        if (link is null || link.Info.InterfaceIndex != index || !present[index].Any(a => a.Programs.Contains(link.Info.ProgramId)))
        {
            links.Replace(PinOf(index), BpfLink.AttachXdp(ours, index, mode == XdpMode.Generic));
            if (known) putBack.Add(device.Name);
        }
        else if (link.Info.ProgramId != ours.Id)
            link.Update(ours);
        if (!Pin.Exists(PinOf(index))) Pin.Add(links.Open(PinOf(index))!.Fd, PinOf(index));
        return ours.Id;
    }

    private HashSet<string> Known()
        => [.. Directory.Exists(paths.Links) ? Directory.GetFiles(paths.Links, Prefix + "*") : [], .. links.Pins];

    private static bool IsOf(string pin, int index)
        => Path.GetFileName(pin).StartsWith($"{Prefix}{index.ToString(CultureInfo.InvariantCulture)}-", StringComparison.Ordinal);

    private string PinOf(int index) => paths.Link($"{Prefix}{index.ToString(CultureInfo.InvariantCulture)}-{Mode}");
}
