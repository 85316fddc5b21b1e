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
            // First, as the kernel has no program below one that is by the stack.
            Keep(devices.Select(d => PlaceOf(d).Index).ToHashSet());
            var present = Present();
            var done = devices.GroupBy(d => PlaceOf(d).Index).SelectMany(p => AttachPlace([.. p], present)).ToDictionary(d => d.Index);
            attached = [.. devices.Select(d => done[d.Index])];
        }
        Keep(attached.Where(IsOn).Select(d => PlaceOf(d).Index).ToHashSet());
        return attached;
    }

    /// <summary>
    /// Takes the programs of before from all devices, and tc does their work until <see cref="Attach(IReadOnlyList{AttachedDevice})"/>.
    /// Flows that one opened while others are brought along would be known to nobody afterwards.
    /// </summary>
    public void TakeAway() => Keep([]);

    /// <summary>Takes the program from all devices but these.</summary>
    private void Keep(HashSet<int> places)
    {
        var pins = mode == XdpMode.Off ? [] : places.Select(PinOf).ToHashSet();
        foreach (var pin in Known().Where(p => !pins.Contains(p))) links.Detach(pin);
        foreach (var gone in ofBonds.Keys.Except(places).ToList()) Forget(gone);
    }

    private void Forget(int bond)
    {
        ofBonds.Remove(bond, out var program);
        program?.Dispose();
    }

    /// <summary>Where the program of a device is: by the driver a VLAN's is at the device below, where frames have their tag.</summary>
    private Link PlaceOf(AttachedDevice device)
        => mode == XdpMode.Driver && device.Decision.Lower is { } lower ? lower.Link : device.Decision.Link;

    private BpfProgram ProgramFor(Link place)
    {
        if (mode != XdpMode.Driver || !IsBond(place)) return program();
        if (!ofBonds.TryGetValue(place.Index, out var own)) ofBonds.Add(place.Index, own = programOfBond(place.Index));
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
            .. missing.Where(d => there.Contains(d.Index) && there.Contains(PlaceOf(d).Index))
                .Select(d => new Difference(VerifyStage.Attachment, $"device {d.Name} xdp", Mode, "our program", Difference.None)),
        ];
    }

    private bool IsInForce(AttachedDevice device) => links.Open(PinOf(PlaceOf(device).Index))?.Info is { } info
        && info.InterfaceIndex == PlaceOf(device).Index && info.ProgramId == device.Xdp!.Program;

    /// <summary>Pins that are gone, of devices that had one.</summary>
    public IReadOnlyList<string> MissingPins(IEnumerable<AttachedDevice> devices)
        => [.. devices.Where(IsOn).Select(d => PinOf(PlaceOf(d).Index)).Distinct().Where(p => !Pin.Exists(p)).Select(Path.GetFileName)!];

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

    /// <summary>At a device, for itself or its VLANs.</summary>
    private IEnumerable<AttachedDevice> AttachPlace(IReadOnlyList<AttachedDevice> sharing, ILookup<int, XdpAttachment> present)
    {
        var place = PlaceOf(sharing[0]);
        // What XDP leaves would find no program of tc, and XDP does not ask which of them has one.
        var without = sharing.FirstOrDefault(d => d.Error is not null);
        XdpState? state = null;
        foreach (var device in sharing)
        {
            var problem = without is null ? Problem(device)
                : without == device ? "its packets have no program of tc" : $"those of {without.Name} have no program of tc";
            var own = problem is null ? state ??= Attach(place, present) : new XdpState(mode, 0, problem);
            yield return device with { Xdp = place.Index == device.Index ? own : own with { Below = place } };
        }
    }

    /// <summary>Why XDP cannot be for a device; null: it can, if the driver can.</summary>
    private string? Problem(AttachedDevice device)
    {
        if (!device.Decision.HasEthernet) return "its packets have no Ethernet header";
        if (mode != XdpMode.Driver || device.Decision.Link.Kind != Link.Vlan)
        {
            return HidesTags(device.Decision)
                ? $"the VLAN {device.Decision.Vlan} is on it, and XDP cannot tell its frames from the device's own"
                    + TagsRemedy(device.Decision.Link)
                : null;
        }
        if (device.Decision.Lower is not { } lower) return "the device that it is on is excluded, or in another network namespace";
        if (lower.Link.MasterIndex != 0) return $"{lower.Link.Name}, which it is on, belongs to a bond or bridge";
        if (device.Decision.Link.VlanId == 0)
            return "its tags are of 802.1ad, or have priorities (egress-qos-map), which XDP does not write";
        return lower.HasTagsInFrames ? null
            : $"XDP would be at {lower.Link.Name}, where its frames come in without a tag" + TagsRemedy(lower.Link);
    }

    private XdpState Attach(Link place, ILookup<int, XdpAttachment> present)
    {
        try
        {
            return new XdpState(mode, AttachLink(place, present), null);
        }
        catch (BpfException e)
        {
            return new XdpState(mode, 0, e.Errno switch
            {
                // EEXIST: it is there in another mode than ours, or at a device above.
                Errno.EBUSY or Errno.EEXIST when Others(place) is { } other
                    => $"another XDP program is at {place.Name}, {other}: where it is not needed, {other.Removal} takes it away, and "
                        + $"ours comes with the next look ({OptionNames.SyncPeriod}); {OptionNames.Xdp} off ends this message",
                Errno.EBUSY => $"another XDP program was at {place.Name}",
                Errno.EEXIST => $"a device above {place.Name} (a VLAN, bridge or macvlan) has an XDP program: take it away",
                Errno.EOPNOTSUPP or Errno.EINVAL when mode == XdpMode.Driver && IsBond(place)
                    => $"the mode of the bond {place.Name}, or the driver of one of its ports, refuses XDP: {e.Summary}",
                Errno.EOPNOTSUPP or Errno.EINVAL => $"the driver of {place.Name} refuses XDP: {e.Summary}",
                _ => e.Summary,
            });
        }
    }

    /// <summary>Read again, as it may have come since all were read. null: it has just gone.</summary>
    private static OtherXdp? Others(Link place)
        => Present()[place.Index].SelectMany(at => at.Programs, (at, id) => OtherXdp.Of(place.Name, id, at)).FirstOrDefault();

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

    private uint AttachLink(Link place, ILookup<int, XdpAttachment> present)
    {
        var index = place.Index;
        // A link keeps its mode.
        foreach (var other in Known().Where(p => IsOf(p, index) && p != PinOf(index))) links.Detach(other);
        var ours = ProgramFor(place);
        // Held since an earlier look, not found as a pin of an agent before.
        var known = links.Pins.Contains(PinOf(index));
        var link = links.Open(PinOf(index));
        // A dead link has lost its device. One whose program is not there is of a device of the same index in another namespace.
        if (link is null || link.Info.InterfaceIndex != index || !present[index].Any(a => a.Programs.Contains(link.Info.ProgramId)))
        {
            links.Replace(PinOf(index), BpfLink.AttachXdp(ours, index, mode == XdpMode.Generic));
            if (known) putBack.Add(place.Name);
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
