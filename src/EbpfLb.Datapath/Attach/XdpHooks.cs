using System.Globalization;
using EbpfLb.Bpf;
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
internal sealed class XdpHooks(XdpMode mode, InstancePaths paths, Func<BpfProgram> program) : IDisposable
{
    private const string Prefix = "xdp-";

    private readonly PinnedLinks links = new();
    private readonly List<string> putBack = [];

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
        return attached;
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

    public void Dispose() => links.Dispose();

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
        // The tag is not in the frame where the device takes it off, nor between two veths. So a frame of the VLAN would be taken for one
        // of this device, and its flow answered by the wrong way.
        if (device.Decision.Vlan is { Length: > 0 } vlan)
            return new XdpState(mode, 0, $"the VLAN {vlan} is on it, and XDP cannot tell its frames from the device's own");
        // The kernel has the program run at the ports, and it is told the port, which no route and no flow leads out by.
        if (mode == XdpMode.Driver && device.Decision.Link.Kind == "bond")
            return new XdpState(mode, 0, $"by its driver a bond runs it at its ports, which have no routes: use {OptionNames.Xdp} generic");
        try
        {
            return new XdpState(mode, AttachLink(device, present), null);
        }
        catch (BpfException e)
        {
            return new XdpState(mode, 0, e.Errno switch
            {
                Errno.EBUSY => $"another XDP program is there: take it away, or leave the device out of XDP by {OptionNames.Xdp} off",
                Errno.EOPNOTSUPP or Errno.EINVAL => $"the driver refuses XDP: {e.Summary}",
                _ => e.Summary,
            });
        }
    }

    private uint AttachLink(AttachedDevice device, ILookup<int, XdpAttachment> present)
    {
        var index = device.Index;
        // A link keeps its mode.
        foreach (var other in Known().Where(p => IsOf(p, index) && p != PinOf(index))) links.Detach(other);
        var ours = program();
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
