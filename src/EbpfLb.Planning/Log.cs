using Microsoft.Extensions.Logging;

namespace EbpfLb.Planning;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error,
        "Ids of what is gone are not given back: waiting={Waiting} "
            + "error=\"{Error}\"; tried again by itself, until then they count as in use",
        EventName = "NotRetired")]
    public static partial void NotRetired(ILogger logger, Exception? exception, int waiting, string error);
}
