using Microsoft.Extensions.Logging;

namespace EbpfLb.Timing;

internal static partial class Log
{
    [LoggerMessage(
        1, LogLevel.Error, "A part of the agent failed and is started again: part={Part} in_s={Seconds}; please report it with this line",
        EventName = "PartRestarted")]
    public static partial void PartRestarted(ILogger logger, Exception exception, string part, double seconds);
}
