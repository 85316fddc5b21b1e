using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Datapath.Repair;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Attach;

/// <summary>The programs at devices: which devices shall have them, and what came of it the last time. Thread-safe.</summary>
internal sealed class DeviceHooks(
    DeviceAttacher attacher, XdpHooks xdp, LoadedProgram loaded, InstancePaths paths, Repairs repairs, InstanceHold hold) : IDisposable
{
    private readonly Lock sync = new();
    private volatile IReadOnlyList<AttachedDevice> attached = [];
    private IReadOnlyList<DeviceDecision>? wanted;

    /// <summary>The devices that shall have programs, and what came of it the last time.</summary>
    public IReadOnlyList<AttachedDevice> Attached => attached;

    /// <summary>Before <see cref="PutInForce"/> this is only remembered; later it is done at once.</summary>
    /// <param name="decisions">Every device that there is.</param>
    public IReadOnlyList<AttachedDevice> Attach(IReadOnlyList<DeviceDecision> decisions)
    {
        lock (sync)
        {
            wanted = decisions;
            if (hold is { IsInForce: true, Lost: null }) AttachWanted();
            return attached;
        }
    }

    /// <summary>From now on devices get their programs as soon as they shall have them.</summary>
    public void PutInForce()
    {
        lock (sync)
        {
            hold.RecordInForce();
            AttachWanted();
        }
    }

    /// <summary>Attaches the programs that lead from those of before to ours.</summary>
    public void BringAlong(Switchover switchover, SocketAttacher sockets)
    {
        lock (sync)
        {
            if (switchover.MovesFlows) xdp.TakeAway();
            switchover.Attach(sockets, attacher, wanted ?? [], loaded, paths);
        }
    }

    public IReadOnlyList<Difference> Faults(FaultFinder faults)
    {
        lock (sync) return faults.Attachments(wanted is null ? [] : attached);
    }

    public void Dispose()
    {
        attacher.Dispose();
        xdp.Dispose();
    }

    private void AttachWanted()
    {
        if (wanted is null) return;
        var before = attached;
        var still = wanted.Select(d => d.Link.Index).ToHashSet();
        List<AttachedDevice> stillThere = [.. before.Where(d => still.Contains(d.Index))];
        string[] pins = [.. attacher.MissingPins(stillThere), .. xdp.MissingPins(stillThere)];
        attached = xdp.Attach(attacher.Attach(wanted, name => loaded[name]));
        var putBack = PutBack(before, attached);
        repairs.Record(RepairKind.DeviceProgram, [.. putBack, .. xdp.PutBack]);
        var kept = attached.Where(d => d is { Error: null, Action: "kept" })
            .SelectMany(d => (int[])[d.Index, d.Xdp?.Below?.Index ?? d.Index]).ToHashSet();
        repairs.Record(RepairKind.DevicePin, [.. pins.Where(p => kept.Any(i => p.Contains($"-{i}-", StringComparison.Ordinal)))]);
    }

    /// <summary>Devices whose programs were there and had to be put there again.</summary>
    private static IReadOnlyList<string> PutBack(IReadOnlyList<AttachedDevice> before, IReadOnlyList<AttachedDevice> now) =>
    [
        .. from device in now
           where device is { Error: null, Action: not "kept" }
           where before.Any(b
               => b.Index == device.Index && b.Error is null && b.IngressProgram == device.IngressProgram
                   && b.Decision.Link.Name == device.Name)
           select device.Name,
    ];
}
