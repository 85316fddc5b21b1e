using EbpfLb.Bpf;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Datapath.Repair;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// The programs at sockets and devices: put in force, in place of those of another agent where there are some, and put back.
/// <see cref="Attach"/> and <see cref="Repair"/> belong to one thread; reading is free.
/// </summary>
internal sealed class HookSet(
    LoadedProgram loaded, SocketAttacher sockets, DeviceHooks devices, FilterRebuild filter, InstanceHold hold, FaultFinder faults,
    InstancePaths paths, Repairs repairs, string cgroup, ILogger logger) : IHooks
{
    private readonly FlowMove flows = new(loaded.Maps, logger);
    private readonly StateMove states = new(loaded.Maps);
    private readonly LeftHandover left = new(loaded.Maps, logger);
    private volatile IReadOnlyList<AttachedHook> attached = [];
    private IReadOnlyList<string> lastMapPins = [];
    private bool isComplete;

    /// <summary>What <see cref="Attach"/> put in force.</summary>
    public IReadOnlyList<AttachedHook> Attached => attached;

    public string? Lost => hold.Lost;

    /// <summary>
    /// Puts the programs in force and pins what is new. Call it when the tables are filled: new maps take the place of
    /// old ones only now. Calling it again does what a failure left undone, and repairs what somebody removed.
    /// </summary>
    /// <exception cref="BpfException">A hook could not be taken; those before it are. Or another agent has taken the instance
    /// over.</exception>
    public void Attach()
    {
        hold.Require();
        if (!hold.IsInForce) BringAlong();
        attached = sockets.Attach(name => loaded[name]);
        devices.PutInForce();
        flows.CopyLate(take: null, isLast: true);
        flows.CountLost();
        if (!isComplete) states.Copy();
        Switchover.RemoveTargets(paths);
        if (!filter.IsInUse) filter.Rebuild();
        lastMapPins = loaded.PinMaps();
        if (isComplete) return;
        loaded.RemoveOtherMaps();
        isComplete = true;
    }

    private void BringAlong()
    {
        using var switchover = Switchover.TryOpen(loaded.Maps, logger);
        states.Copy();
        if (switchover is null) flows.Copy();
        else BringAlong(switchover);
        left.Take(paths);
    }

    /// <summary>What packets and sockets of the programs of before have is ours afterwards, and so are packets and sockets.</summary>
    private void BringAlong(Switchover switchover)
    {
        devices.BringAlong(switchover, sockets);
        flows.Copy();
        states.Copy();
        // An agent that comes after this one goes on with the maps that programs use: those of before up to the flip, then ours.
        InterruptedHandover.Record(paths, loaded.Maps, switchover);
        loaded.PinMaps();
        switchover.Flip();
        // At once, since until then a new flow may get the source port of one that only the old maps know.
        flows.CopyLate(switchover.TakeFlow, isLast: false);
        switchover.TakeSockets();
        // Soon, for sockets that none but the maps left know, and after the others, which know newer things.
        left.Take(paths);
        Switchover.WaitForThoseBefore();
        // From here on nobody writes to the old maps any more.
        flows.CopyLate(switchover.TakeFlow, isLast: true);
        // Again, for calls that the programs of before were in.
        switchover.TakeSockets();
        states.Copy();
        InterruptedHandover.ForgetMaps(paths);
        flows.CountLost();
    }

    /// <summary>
    /// Puts back what somebody removed since <see cref="Attach"/>: the mount, pins, links, programs at devices. It all lives on in our
    /// descriptors, so nothing was lost but its name or its place. Cheap where nothing changed.
    /// </summary>
    /// <exception cref="BpfException">It cannot be put back, or another agent has taken the instance over.</exception>
    public void Repair()
    {
        if (!hold.IsInForce) return;
        hold.Require();
        if (!BpfFileSystem.IsBelow(paths.BpfFs, Mount.ReadAll()))
        {
            // The pins went with the mount; without them everything would end with this process.
            BpfFileSystem.EnsureMounted(paths.BpfFs);
            repairs.Record(RepairKind.Bpffs, paths.BpfFs);
        }
        var linkPins = sockets.MissingPins();
        Attach();
        var detached = attached.Where(h => h.Action == "attached").Select(h => h.Hook).ToList();
        repairs.Record(RepairKind.Link, detached);
        repairs.Record(RepairKind.LinkPin, [.. linkPins.Except(detached)]);
        repairs.Record(RepairKind.MapPin, lastMapPins);
    }

    /// <summary>What is not in force now of what was put in force. From any thread, in the node's network namespace.</summary>
    /// <exception cref="BpfException">It cannot be looked at.</exception>
    /// <exception cref="EbpfLb.Netlink.NetlinkException">It cannot be looked at.</exception>
    public IReadOnlyList<Difference> FindFaults()
    {
        if (!hold.IsInForce) return [];
        return hold.Check() is { } reason
            ? [new Difference(VerifyStage.Attachment, $"instance {paths.Instance}", "owner", "this agent", reason)]
            : [.. FindDetached(), .. faults.Contents()];
    }

    /// <summary>As <see cref="FindFaults"/>, without looking into maps.</summary>
    public IReadOnlyList<Difference> FindDetached() => hold.IsInForce ? devices.Faults(faults) : [];

    public CanaryResult CheckCanary() => LoopbackFamilies.Usable()
        .Select(family => CanaryProbe.Check(family, cgroup))
        .FirstOrDefault(canary => !canary.Ok, CanaryResult.Good);
}
