using System.Globalization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;

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

    private string Mode { get; } = mode.ToString().ToLowerInvariant();

    /// <summary>Puts the program at these devices, where it is wanted, and takes it from all others.</summary>
    /// <param name="devices">Those that have the programs of tc, or should.</param>
    public IReadOnlyList<AttachedDevice> Attach(IReadOnlyList<AttachedDevice> devices)
    {
        List<AttachedDevice> attached = mode == XdpMode.Off ? [.. devices] : [.. devices.Select(d => d with { Xdp = Attach(d) })];
        var kept = attached.Where(d => d.Xdp is { Problem: null }).Select(d => PinOf(d.Index)).ToHashSet();
        foreach (var pin in Known().Where(p => !kept.Contains(p))) links.Detach(pin);
        return attached;
    }

    public void Dispose() => links.Dispose();

    private XdpState Attach(AttachedDevice device)
    {
        if (device.Error is not null) return new XdpState(mode, 0, "its packets have no program of tc");
        if (!device.Decision.HasEthernet) return new XdpState(mode, 0, "its packets have no Ethernet header");
        try
        {
            return new XdpState(mode, Attach(device.Index), null);
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

    private uint Attach(int index)
    {
        // A link keeps its mode.
        foreach (var other in Known().Where(p => IsOf(p, index) && p != PinOf(index))) links.Detach(other);
        var ours = program();
        var link = links.Open(PinOf(index));
        if (link is null || link.Info.InterfaceIndex != index)
            links.Replace(PinOf(index), BpfLink.AttachXdp(ours, index, mode == XdpMode.Generic));
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
