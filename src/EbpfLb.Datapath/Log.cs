using EbpfLb.Datapath.Repair;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath;

/// <summary>Messages of the datapath. Names are treated as API: dashboards filter on them.</summary>
internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message = "maps in {Path} were made by a release to which they mean something "
            + "else: new ones are filled beside them and take their place")]
    public static partial void AbiChanged(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "pinned maps do not fit and are made anew, with those that share their ids: {Maps}")]
    public static partial void MapsRebuilt(ILogger logger, string maps);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "maps take {Total:0.0} MiB of kernel memory, {Maglev:0.0} MiB of it for Maglev tables of {Places} places together "
            + "({Option})")]
    public static partial void MapMemory(ILogger logger, double total, double maglev, long places, string option);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "the maps are larger than the defaults of a machine with this memory, and stay as they are: {Sizes}; name a size for a "
            + "smaller one")]
    public static partial void SizesKept(ILogger logger, string sizes);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "programs of instance {Instance}, which is pinned in another BPF file system ({BpfFs}), are at the sockets of {Cgroup} "
            + "too, and translate connections by tables of their own; when this agent is ready, remove them: `{Remedy}`")]
    public static partial void InForceElsewhere(ILogger logger, string instance, string bpfFs, string cgroup, string remedy);

    [LoggerMessage(Level = LogLevel.Warning, Message = "whether programs of other BPF file systems are in force is not known: {Error}")]
    public static partial void OtherPlacesUnknown(ILogger logger, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void MapsTakeMuch(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "libbpf: {Line}")]
    public static partial void LibBpf(ILogger logger, string line);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Map} has another size or layout: {Open} open, {HalfOpen} half-open and {Closed} closed flows moved along")]
    public static partial void FlowsMoved(ILogger logger, string map, int open, int halfOpen, int closed);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Map} is too small for the flows of before: {Flows} open or half-open flows did "
            + "not fit and begin anew; start the agent with a larger {Option}")]
    public static partial void FlowsLost(ILogger logger, string map, int flows, string option);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "programs of the release before are replaced one by one, and connections that "
            + "begin meanwhile may fail: nothing can stand between the two: {Reason}")]
    public static partial void NoSwitchover(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "the agent before ended while it took over, before its programs were in force: {Count} maps of the one before it have "
            + "their names again, and this agent takes over from that one")]
    public static partial void HandoverUndone(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "the agent before ended while it took over, after its programs were in force: this agent brings along what only {Count} "
            + "maps of the one before it know")]
    public static partial void HandoverLeft(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void ServiceAddressesLeft(ILogger logger, string problem);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "flows are not expired, and {Map} may fill up: {Error}; tried again at the next sweep")]
    public static partial void SweepFailed(ILogger logger, string map, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "somebody removed what belongs to this instance; put back: kind={Kind} {Names}")]
    public static partial void Repaired(ILogger logger, RepairKind kind, string names);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Moved the lists of {Services} services to make room for longer ones: plans={Plans}, ms={Milliseconds}")]
    public static partial void ListsMoved(ILogger logger, int services, int plans, double milliseconds);
}
