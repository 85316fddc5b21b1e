using EbpfLb.Bpf;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Netlink;
using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// Puts the programs at the devices that shall have them and takes them from those that no longer shall. May be called at any
/// time: what is as it should be stays untouched, what somebody removed comes back. Never touches others' programs.
/// </summary>
/// <param name="hook">The kind in use.</param>
/// <param name="formerHook">The kind not in use: what it left is removed where the other is in force.</param>
internal sealed class DeviceAttacher(IDeviceHook hook, IDeviceHook formerHook) : IDisposable
{
    /// <exception cref="BpfException">TCX was asked for by name and the kernel has none.</exception>
    public static DeviceAttacher Create(TcAttachMode mode, InstancePaths paths)
    {
        var hasTcx = KernelFeatures.HasTcx();
        if (mode == TcAttachMode.Tcx && !hasTcx)
            throw new BpfException(
                Errno.EOPNOTSUPP, "attach programs by", "tcx",
                $"this kernel has no TCX (6.6): leave {OptionNames.TcAttach} out, or set it to clsact");
        return hasTcx && mode != TcAttachMode.Clsact
            ? new DeviceAttacher(new TcxHooks(paths), new ClsactHooks(paths))
            : new DeviceAttacher(new ClsactHooks(paths), new TcxHooks(paths));
    }

    /// <param name="devices">Every device that there is.</param>
    /// <param name="programOf">A program by the name of its C function, see <see cref="IDeviceHook.ProgramOf"/>; may throw
    /// BpfException.</param>
    /// <returns>One for each device that shall have programs; a failure is in its element and does not keep the others out.</returns>
    public IReadOnlyList<AttachedDevice> Attach(IReadOnlyList<DeviceDecision> devices, Func<string, BpfProgram> programOf)
    {
        List<AttachedDevice> attached = [.. devices.Where(d => d.IsAttached).Select(d => Attach(d, programOf))];
        var wanted = attached.Select(d => d.Index).ToHashSet();
        var failed = attached.Where(d => d.Error is not null).Select(d => d.Index).ToHashSet();
        foreach (var index in hook.Known().Where(i => !wanted.Contains(i))) hook.Detach(index);
        foreach (var index in formerHook.Known().Where(i => !failed.Contains(i))) formerHook.Detach(index);
        return attached;
    }

    /// <summary>
    /// The program of each kind that is at devices now, by its id; null: none. Where an attachment was interrupted there may be two, of
    /// which one goes on to the other (bpf/switch): either will do. Before the first attachment by another kind of place it is where the
    /// former kind has it.
    /// </summary>
    public IReadOnlyDictionary<string, uint?> Present(IReadOnlyList<DeviceDecision> devices) => (
        from device in devices
        where device.IsAttached
        from direction in hook.Directions
        group ProgramId(device, direction) by hook.ProgramOf(device.HasEthernet, direction))
            .ToDictionary(kind => kind.Key, kind => kind.FirstOrDefault(id => id is not null));

    private uint? ProgramId(DeviceDecision device, TcDirection direction)
        => ProgramId(hook, device, direction) ?? ProgramId(formerHook, device, direction);

    private static uint? ProgramId(IDeviceHook at, DeviceDecision device, TcDirection direction)
    {
        try
        {
            return at.ProgramId(device.Link.Index, direction);
        }
        catch (Exception e) when (e is BpfException or NetlinkException)
        {
            // The device has just gone, or cannot be asked: it will be said when it is attached to.
            return null;
        }
    }

    /// <summary>Records that are gone, of devices that had all their programs.</summary>
    public IReadOnlyList<string> MissingPins(IEnumerable<AttachedDevice> devices)
        => [.. devices.Where(d => d.Error is null).SelectMany(d => hook.MissingPins(d.Index))];

    /// <summary>Programs that are not at their device any more, of devices that had all of theirs. One that is gone is no fault.</summary>
    /// <param name="devices">As <see cref="Attach(IReadOnlyList{DeviceDecision}, Func{string, BpfProgram})"/> answered the last
    /// time.</param>
    public IReadOnlyList<Difference> Faults(IReadOnlyList<AttachedDevice> devices, Func<string, BpfProgram> programOf) =>
    [
        .. from device in devices
           where device.Error is null
           from direction in hook.Directions
           where IsMissing(device, direction, programOf(hook.ProgramOf(device.Decision.HasEthernet, direction)))
           select new Difference(VerifyStage.Attachment, $"device {device.Name} {direction.ToString().ToLowerInvariant()}", hook.Kind,
               "our program", Difference.None),
    ];

    private bool IsMissing(AttachedDevice device, TcDirection direction, BpfProgram program)
    {
        try
        {
            return !hook.Verify(device.Index, direction, program);
        }
        catch (Exception e) when (
            e is BpfException { Errno: Errno.ENODEV } or NetlinkException { Errno: NetlinkErrno.ENODEV or NetlinkErrno.EINVAL })
        {
            return false;
        }
    }

    public void Dispose()
    {
        hook.Dispose();
        formerHook.Dispose();
    }

    private AttachedDevice Attach(DeviceDecision device, Func<string, BpfProgram> programOf)
    {
        var ids = new Dictionary<TcDirection, uint>();
        var actions = new HashSet<string>();
        string? error = null;
        foreach (var direction in hook.Directions)
        {
            try
            {
                var program = programOf(hook.ProgramOf(device.HasEthernet, direction));
                actions.Add(hook.Attach(device.Link.Index, direction, program));
                ids[direction] = program.Id;
            }
            catch (Exception e) when (e is BpfException or NetlinkException)
            {
                error = e.Message;
            }
        }
        var action = actions.Contains("attached") ? "attached" : actions.Contains("replaced") ? "replaced" : "kept";
        return new AttachedDevice(
            device, hook.Kind, ids.GetValueOrDefault(TcDirection.Ingress), ids.GetValueOrDefault(TcDirection.Egress), action, error);
    }
}
