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
/// <param name="hooks">The way in use.</param>
/// <param name="formerHooks">The way not in use: what it left is removed where the other is in force.</param>
internal sealed class TcAttacher(ITcHooks hooks, ITcHooks formerHooks) : IDisposable
{
    /// <summary>Answers come before questions: a request must not leave translated while its answer is not.</summary>
    private static readonly TcDirection[] Order = [TcDirection.Egress, TcDirection.Ingress];

    /// <exception cref="BpfException">TCX was asked for by name and the kernel has none.</exception>
    public static TcAttacher Create(TcAttachMode mode, InstancePaths paths)
    {
        var hasTcx = KernelFeatures.HasTcx();
        if (mode == TcAttachMode.Tcx && !hasTcx)
            throw new BpfException(
                Errno.EOPNOTSUPP, "attach programs by", "tcx", "this kernel has no TCX (6.6): leave --tc-attach out, or set it to clsact");
        return hasTcx && mode != TcAttachMode.Clsact
            ? new TcAttacher(new TcxHooks(paths), new ClsactHooks(paths))
            : new TcAttacher(new ClsactHooks(paths), new TcxHooks(paths));
    }

    /// <param name="devices">Every device that there is.</param>
    /// <param name="programOf">A program by the name of its C function, see <see cref="TcProgram"/>; may throw BpfException.</param>
    /// <returns>One for each device that shall have programs; a failure is in its element and does not keep the others out.</returns>
    public IReadOnlyList<AttachedDevice> Attach(IReadOnlyList<DeviceDecision> devices, Func<string, BpfProgram> programOf)
    {
        List<AttachedDevice> attached = [.. devices.Where(d => d.IsAttached).Select(d => Attach(d, programOf))];
        var wanted = attached.Select(d => d.Index).ToHashSet();
        var failed = attached.Where(d => d.Error is not null).Select(d => d.Index).ToHashSet();
        foreach (var index in hooks.Known().Where(i => !wanted.Contains(i))) hooks.Remove(index);
        foreach (var index in formerHooks.Known().Where(i => !failed.Contains(i))) formerHooks.Remove(index);
        return attached;
    }

    /// <summary>
    /// The program of each kind that is at devices now, by its id; null: none. Where an attachment was interrupted there may be two, of
    /// which one goes on to the other (bpf/switch): either will do.
    /// </summary>
    public IReadOnlyDictionary<string, uint?> Present(IReadOnlyList<DeviceDecision> devices) => (
        from device in devices
        where device.IsAttached
        from direction in Order
        group ProgramId(device, direction) by TcProgram.Of(device.HasEthernet, direction))
            .ToDictionary(kind => kind.Key, kind => kind.FirstOrDefault(id => id is not null));

    private uint? ProgramId(DeviceDecision device, TcDirection direction)
    {
        try
        {
            return hooks.ProgramId(device.Link.Index, direction);
        }
        catch (Exception e) when (e is BpfException or NetlinkException)
        {
            // The device has just gone, or cannot be asked: it will be said when it is attached to.
            return null;
        }
    }

    /// <summary>Programs that are not at their device any more, of devices that had all of theirs. One that is gone is no fault.</summary>
    /// <param name="devices">As <see cref="Attach(IReadOnlyList{DeviceDecision}, Func{string, BpfProgram})"/> answered the last
    /// time.</param>
    public IReadOnlyList<Difference> Faults(IReadOnlyList<AttachedDevice> devices, Func<string, BpfProgram> programOf) =>
    [
        .. from device in devices
           where device.Error is null
           from direction in Order
           where IsMissing(device, direction, programOf(TcProgram.Of(device.Decision.HasEthernet, direction)))
           select new Difference(VerifyStage.Attachment, $"device {device.Name} {direction.ToString().ToLowerInvariant()}", hooks.Method,
               "our program", Difference.None),
    ];

    private bool IsMissing(AttachedDevice device, TcDirection direction, BpfProgram program)
    {
        try
        {
            return !hooks.IsInForce(device.Index, direction, program);
        }
        catch (Exception e) when (
            e is BpfException { Errno: Errno.ENODEV } or NetlinkException { Errno: NetlinkErrno.ENODEV or NetlinkErrno.EINVAL })
        {
            return false;
        }
    }

    public void Dispose()
    {
        hooks.Dispose();
        formerHooks.Dispose();
    }

    private AttachedDevice Attach(DeviceDecision device, Func<string, BpfProgram> programOf)
    {
        var ids = new Dictionary<TcDirection, uint>();
        var actions = new HashSet<string>();
        string? error = null;
        foreach (var direction in Order)
        {
            try
            {
                var program = programOf(TcProgram.Of(device.HasEthernet, direction));
                actions.Add(hooks.Put(device.Link.Index, direction, program));
                ids[direction] = program.Id;
            }
            catch (Exception e) when (e is BpfException or NetlinkException)
            {
                error = e.Message;
            }
        }
        var action = actions.Contains("attached") ? "attached" : actions.Contains("replaced") ? "replaced" : "kept";
        return new AttachedDevice(
            device, hooks.Method, ids.GetValueOrDefault(TcDirection.Ingress), ids.GetValueOrDefault(TcDirection.Egress), action, error);
    }
}
