using System.Globalization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// TCX links, pinned as links/tcx-IFINDEX-in and -out. They are first in their row: a program before us that accepts a packet
/// would end the row, and its connections would meet no service. What is behind us sees packets as they go on.
/// </summary>
internal sealed class TcxHooks(InstancePaths paths) : IDeviceHook
{
    private const string Prefix = "tcx-";

    private readonly PinnedLinks links = new();

    public string Kind => "tcx";

    public IReadOnlyList<TcDirection> Directions => TcProgram.Order;

    public string ProgramOf(bool hasEthernet, TcDirection direction) => TcProgram.Of(hasEthernet, direction);

    public static bool IsPinName(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    public IReadOnlyList<int> Known() => Directory.Exists(paths.Links)
        ? [.. Directory.GetFiles(paths.Links, Prefix + "*").Select(IndexOf).Concat(links.Pins.Select(IndexOf)).OfType<int>().Distinct()]
        : [];

    public string Attach(int linkIndex, TcDirection direction, BpfProgram program)
    {
        var isIngress = direction == TcDirection.Ingress;
        var pin = PinOf(linkIndex, direction);
        var link = links.Open(pin);
        if (link is null || !IsInForce(link.Info, linkIndex, isIngress))
        {
            // The new link first, then away with the old one: at worst a packet is looked up twice.
            links.Replace(pin, BpfLink.AttachTcx(program, linkIndex, isIngress, first: true));
            return "attached";
        }
        if (!Pin.Exists(pin)) Pin.Add(link.Fd, pin);
        if (link.Info.ProgramId == program.Id) return "kept";
        link.Update(program);
        return "replaced";
    }

    public uint? ProgramId(int linkIndex, TcDirection direction)
        => links.Open(PinOf(linkIndex, direction))
            ?.Info is { } info && IsInForce(info, linkIndex, direction == TcDirection.Ingress) ? info.ProgramId : null;

    public bool Verify(int linkIndex, TcDirection direction, BpfProgram program)
        => BpfLink.TcxProgramIds(linkIndex, direction == TcDirection.Ingress).Contains(program.Id);

    public IReadOnlyList<string> MissingPins(int linkIndex)
        => [.. Directions.Select(d => PinOf(linkIndex, d)).Where(pin => !Pin.Exists(pin)).Select(pin => Path.GetFileName(pin))];

    public IReadOnlyList<string> Detach(int linkIndex)
        => [.. Enum.GetValues<TcDirection>().Select(d => PinOf(linkIndex, d)).Where(links.Detach)];

    public void Dispose() => links.Dispose();

    /// <summary>
    /// A dead link has lost its device (0). One whose program is not at this device is of a device of the same index in another
    /// network namespace.
    /// </summary>
    private static bool IsInForce(LinkInfo info, int linkIndex, bool isIngress)
        => info.InterfaceIndex == linkIndex && BpfLink.TcxProgramIds(linkIndex, isIngress).Contains(info.ProgramId);

    private string PinOf(int linkIndex, TcDirection direction)
        => paths.Link($"{Prefix}{linkIndex.ToString(CultureInfo.InvariantCulture)}-{(direction == TcDirection.Ingress ? "in" : "out")}");

    private static int? IndexOf(string pin)
        => Path.GetFileName(pin).Split('-') is [_, var index, "in" or "out"]
            && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
