using System.Net;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Http;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listening: server={Server} address={Address} port={Port}", EventName = "Listening")]
    public static partial void Listening(ILogger logger, string server, IPAddress address, int port);

    [LoggerMessage(2, LogLevel.Error, "Cannot listen: server={Server} address={Address} error={Error}; next try in {Seconds} s. "
        + "Stop what uses the address, or choose another with {Option}", EventName = "CannotListen")]
    public static partial void CannotListen(ILogger logger, string server, IPEndPoint address, string error, double seconds, string option);
}
