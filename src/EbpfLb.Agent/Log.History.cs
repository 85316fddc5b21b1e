using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent;

/// <summary>The history of what was programmed.</summary>
internal static partial class Log
{
    [LoggerMessage(230, LogLevel.Warning,
        "History of the agent before cannot be read, it begins anew: file={File} error=\"{Error}\"", EventName = "HistoryNotRead")]
    public static partial void HistoryNotRead(ILogger logger, string file, string error);

    [LoggerMessage(231, LogLevel.Warning, "History cannot be written: file={File} error=\"{Error}\"; the next agent will not have it",
        EventName = "HistoryNotWritten")]
    public static partial void HistoryNotWritten(ILogger logger, string file, string error);
}
