using System.Globalization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Netlink;
using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// Filters at the qdisc clsact, for kernels without TCX. A filter is ours by its name, "ebpflb/INSTANCE/PROGRAM". Where there
/// are some is recorded by pins of their programs: tc/clsact-IFINDEX-in and -out; tc/qdisc-IFINDEX says that we made the qdisc.
/// </summary>
internal sealed class ClsactHooks(InstancePaths paths) : IDeviceHook
{
    /// <summary>Others before us are seldom below 100, and `tc filter add` without a priority comes behind.</summary>
    private const ushort Priority = 235;

    private readonly string prefix = $"{InstancePaths.ProductDirectory}/{paths.Instance}/";
    private ClsactClient? client;

    public string Kind => "clsact";

    public IReadOnlyList<TcDirection> Directions => TcProgram.Order;

    public string ProgramOf(bool hasEthernet, TcDirection direction) => TcProgram.Of(hasEthernet, direction);

    private ClsactClient Client => client ??= ClsactClient.Open();

    public IReadOnlyList<int> Known() => Directory.Exists(paths.Filters)
        ? [.. Directory.GetFiles(paths.Filters).Select(IndexOf).OfType<int>().Distinct()]
        : [];

    public string Attach(int linkIndex, TcDirection direction, BpfProgram program)
    {
        EnsureQdisc(linkIndex, program);
        var filters = Client.Filters(linkIndex, direction);
        var mine = filters.Where(IsOurs).ToList();
        var marker = Marker(linkIndex, direction);
        if (mine.Count > 0 && mine[0].ProgramId == program.Id && Pin.Exists(marker)) return "kept";

        // The record first: what is not recorded would never be removed.
        Pin.Replace(program.Fd, marker);
        if (Pin.Exists(QdiscMarker(linkIndex))) Pin.Replace(program.Fd, QdiscMarker(linkIndex));
        var filter = new BpfFilter(linkIndex, direction, Priority, FreeHandle(filters), program.Fd, prefix + program.Name);
        if (mine.Count == 0)
        {
            Client.Add(filter);
            return "attached";
        }
        Client.Replace(filter with { Priority = mine[0].Priority, Handle = mine[0].Handle });
        foreach (var other in mine.Skip(1)) Client.Remove(other);
        return "replaced";
    }

    public uint? ProgramId(int linkIndex, TcDirection direction)
        => Client.Find(linkIndex) is { Kind: ClsactClient.Clsact } ? Client.Filters(linkIndex, direction).FirstOrDefault(IsOurs)?.ProgramId
            : null;

    public bool Verify(int linkIndex, TcDirection direction, BpfProgram program)
        => Client.Filters(linkIndex, direction).Any(f => IsOurs(f) && f.ProgramId == program.Id);

    public IReadOnlyList<string> MissingPins(int linkIndex)
        => [.. Directions.Select(d => Marker(linkIndex, d)).Where(pin => !Pin.Exists(pin)).Select(pin => Path.GetFileName(pin))];

    public IReadOnlyList<string> Detach(int linkIndex)
    {
        var removed = RemoveFilters(linkIndex);
        foreach (var pin in new[] { Marker(linkIndex, TcDirection.Ingress), Marker(linkIndex, TcDirection.Egress), QdiscMarker(linkIndex) })
            if (Pin.Remove(pin)) removed.Add(pin);
        return removed;
    }

    public void Dispose() => client?.Dispose();

    /// <summary>Nothing where the device is gone, or has no clsact any more.</summary>
    private List<string> RemoveFilters(int linkIndex)
    {
        List<string> removed = [];
        try
        {
            if (Client.Find(linkIndex) is not { Kind: ClsactClient.Clsact }) return removed;
            var filters = Enum.GetValues<TcDirection>().SelectMany(d => Client.Filters(linkIndex, d)).ToList();
            foreach (var filter in filters.Where(IsOurs))
            {
                Client.Remove(filter);
                removed.Add($"{filter.Direction} filter {filter.Name} of device {linkIndex}");
            }
            // Without a filter of ours it is another device of this index, in another network namespace.
            if (removed.Count == 0 || !Pin.Exists(QdiscMarker(linkIndex)) || !filters.TrueForAll(IsOurs)) return removed;
            Client.Remove(linkIndex);
            removed.Add($"{ClsactClient.Clsact} of device {linkIndex}");
        }
        catch (NetlinkException e) when (e.Errno is NetlinkErrno.ENODEV or NetlinkErrno.ENOENT)
        {
            // It went while we looked.
        }
        return removed;
    }

    private void EnsureQdisc(int linkIndex, BpfProgram program)
    {
        if (Client.Find(linkIndex) is { } found)
        {
            RequireClsact(found);
            return;
        }
        var marker = QdiscMarker(linkIndex);
        Pin.Replace(program.Fd, marker);
        try
        {
            Client.Add(linkIndex);
        }
        catch (NetlinkException e)
        {
            Pin.Remove(marker);
            if (e.Errno != NetlinkErrno.EEXIST || Client.Find(linkIndex) is not { } others) throw;
            RequireClsact(others);
        }
    }

    /// <summary>The qdisc "ingress" has the same place, and takes egress filters for ingress ones.</summary>
    private static void RequireClsact(Qdisc qdisc)
    {
        if (qdisc.Kind != ClsactClient.Clsact)
        {
            throw new NetlinkException(NetlinkErrno.EEXIST, $"add {ClsactClient.Clsact} to device {qdisc.LinkIndex}",
                $"its qdisc \"{qdisc.Kind}\" is in the place; ask whoever made it to "
                    + $"use {ClsactClient.Clsact}, or use a kernel with TCX (6.6)");
        }
    }

    private static uint FreeHandle(IReadOnlyList<TcFilter> filters)
    {
        var handle = 1u;
        while (filters.Any(f => f.Priority == Priority && f.Handle == handle)) handle++;
        return handle;
    }

    private bool IsOurs(TcFilter filter) => filter.Name?.StartsWith(prefix, StringComparison.Ordinal) == true;

    private string Marker(int linkIndex, TcDirection direction)
        => Path.Combine(paths.Filters, $"clsact-{Number(linkIndex)}-{(direction == TcDirection.Ingress ? "in" : "out")}");

    private string QdiscMarker(int linkIndex) => Path.Combine(paths.Filters, $"qdisc-{Number(linkIndex)}");

    private static string Number(int linkIndex) => linkIndex.ToString(CultureInfo.InvariantCulture);

    private static int? IndexOf(string pin)
        => Path.GetFileName(pin).Split('-') is [_, var index, ..]
            && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
