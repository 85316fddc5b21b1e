using System.Net;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Http;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listening: server={Server} address={Address} port={Port}", EventName = "Listening")]
    public static partial void Listening(ILogger logger, string server, IPAddress address, int port);

    [LoggerMessage(2, LogLevel.Error, "Cannot listen: server={Server} address={Address} error={Error}; next try in {Seconds} s. "
        + "Stop what uses the address, or choose another with {Option}", EventName = "CannotListen")]
    public static partial void CannotListen(ILogger logger, string server, IPEndPoint address, string error, double seconds, string option);

    [LoggerMessage(3, LogLevel.Information, "Health check port open: service={Service} port={Port}", EventName = "ServiceHealthOpen")]
    public static partial void ServiceHealthOpen(ILogger logger, ObjectName service, int port);

    [LoggerMessage(
        5, LogLevel.Error, "Metric not read: metric={Metric}; the others are, please report it with this line", EventName = "MetricFailed")]
    public static partial void MetricFailed(ILogger logger, Exception exception, string metric);

    [LoggerMessage(4, LogLevel.Information, "Health check port closed: service={Service} port={Port}", EventName = "ServiceHealthClosed")]
    public static partial void ServiceHealthClosed(ILogger logger, ObjectName service, int port);
}
