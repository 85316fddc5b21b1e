using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tables;
using EbpfLb.Model;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Verification;

namespace EbpfLb.Datapath.Repair;

/// <summary>
/// Looks at what must be there for anything to work: hooks, programs at devices, pins, what belongs to the node, and the canary's own
/// entries, which go with all others when a map is emptied. Some 200 system calls and no walk over services or, but now and then, nodes of
/// the cluster, so it can be asked each second. Thread-safe.
/// </summary>
internal sealed class FaultFinder(
    InstancePaths paths, LoadedProgram loaded, SocketAttacher attacher, DeviceAttacher deviceAttacher, XdpHooks xdp, KernelTables tables,
    NodeTables node, ServiceAddresses addresses, Mirror mirror)
{
    /// <summary>What is attached and pinned, and how many of it.</summary>
    /// <param name="devices">Those that should have programs. The caller holds the lock of devices.</param>
    public IReadOnlyList<Difference> Attachments(IReadOnlyList<AttachedDevice> devices) =>
        [.. attacher.Faults(), .. deviceAttacher.Faults(devices, name => loaded[name]), .. xdp.Faults(devices), .. Pins(devices)];

    /// <summary>Entries of maps.</summary>
    public IReadOnlyList<Difference> Contents() =>
    [
        .. node.Look(), .. addresses.Verify(repair: false),
        .. TableVerification.Check(tables.ForPlans, mirror, Policy.Canary.Name),
        .. Missing(tables.DestinationFilter, [Policy.Canary.FrontendV4.Address, Policy.Canary.FrontendV6.Address]),
    ];

    /// <summary>Addresses whose packets would pass unseen.</summary>
    public static IEnumerable<Difference> Missing(DestinationFilter filter, IEnumerable<IpAddress> needed)
    {
        foreach (var address in needed)
        {
            if (!filter.IsOpen(address))
                yield return new Difference(
                    VerifyStage.Kernel, $"{Abi.Tables.Filter.Name} {address}", Difference.Whole, "looked at", Difference.None);
        }
    }

    private IEnumerable<Difference> Pins(IReadOnlyList<AttachedDevice> devices)
    {
        var maps = Names(paths.Maps);
        foreach (var name in loaded.Maps.All.Keys.Where(name => !maps.Contains(name)).Order(StringComparer.Ordinal))
            yield return Pin(paths.Map(name));
        var links = Names(paths.Links);
        foreach (var hook in SocketHook.All.Where(hook => !links.Contains(hook.LinkName))) yield return Pin(paths.Link(hook.LinkName));
        foreach (var name in deviceAttacher.MissingPins(devices).Concat(xdp.MissingPins(devices))) yield return Pin(name);
    }

    private static HashSet<string> Names(string directory)
        => Directory.Exists(directory) ? [.. Directory.GetFiles(directory).Select(path => Path.GetFileName(path))] : [];

    private static Difference Pin(string name) => new(VerifyStage.Attachment, $"pin {name}", Difference.Whole, "present", Difference.None);
}
