using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent;

/// <summary>Who owns the instance, and what of it is not in force.</summary>
internal static partial class Log
{
    [LoggerMessage(
        200, LogLevel.Warning, "Waiting for the owner: instance={Instance} owner=\"{Owner}\" at_most_s={Seconds}", EventName = "OwnerWait")]
    public static partial void OwnerWait(ILogger logger, string instance, string owner, double seconds);

    [LoggerMessage(
        201, LogLevel.Warning, "BPF file system mounted: path={Path}; none was there. `ebpflb cleanup` unmounts it when nothing is in it",
        EventName = "BpfFsMounted")]
    public static partial void BpfFsMounted(ILogger logger, string path);

    [LoggerMessage(202, LogLevel.Error, "BPF file system is private: {Problem}", EventName = "BpfFsPrivate")]
    public static partial void BpfFsPrivate(ILogger logger, string problem);

    [LoggerMessage(
        203, LogLevel.Critical, "Ownership lost: {Reason}; nothing is written any more, and /livez fails", EventName = "OwnershipLost")]
    public static partial void OwnershipLost(ILogger logger, string reason);

    [LoggerMessage(204, LogLevel.Error, "Not in force: {Fault}; it is put back now", EventName = "Fault")]
    public static partial void Fault(ILogger logger, string fault);

    [LoggerMessage(205, LogLevel.Information, "In force again after {Milliseconds:0} ms", EventName = "FaultCleared")]
    public static partial void FaultCleared(ILogger logger, double milliseconds);
}
