using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent;

/// <summary>Drains.</summary>
internal static partial class Log
{
    [LoggerMessage(210, LogLevel.Information,
        "Drained: backend={Backend} service={Service} until={Until} force={Force} services={Services}", EventName = "Drained")]
    public static partial void Drained(ILogger logger, string backend, string service, string until, bool force, string services);

    [LoggerMessage(211, LogLevel.Information, "Undrained: backend={Backend} service={Service}", EventName = "Undrained")]
    public static partial void Undrained(ILogger logger, string backend, string service);

    [LoggerMessage(212, LogLevel.Information, "Drain ended, as its time is over: backend={Backend} service={Service}",
        EventName = "DrainEnded")]
    public static partial void DrainEnded(ILogger logger, string backend, string service);

    [LoggerMessage(215, LogLevel.Information,
        "Drain ended, as no Service that had the backend has had its address for {Minutes:0} minutes: backend={Backend} service={Service} "
            + "services={Services}",
        EventName = "DrainAbandoned")]
    public static partial void DrainAbandoned(ILogger logger, double minutes, string backend, string service, string services);

    [LoggerMessage(213, LogLevel.Information, "Drains of the agent before are in force: count={Count} file={File}",
        EventName = "DrainsTakenOver")]
    public static partial void DrainsTakenOver(ILogger logger, int count, string file);

    [LoggerMessage(214, LogLevel.Error, "Drains of the agent before cannot be read: file={File} error=\"{Error}\"; none is in force",
        EventName = "DrainsNotRead")]
    public static partial void DrainsNotRead(ILogger logger, string file, string error);
}
