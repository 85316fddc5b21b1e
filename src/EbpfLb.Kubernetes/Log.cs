using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes;

/// <summary>
/// Messages of this project. Names are an interface: what people filter and alert on. Numbers from 20 are the manifest source's.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listed: resource={Resource} objects={Objects} resourceVersion={ResourceVersion} "
        + "server={Server}", EventName = "Listed")]
    public static partial void Listed(ILogger logger, string resource, int objects, string resourceVersion, string server);

    [LoggerMessage(2, LogLevel.Debug, "Watching: resource={Resource} resourceVersion={ResourceVersion} "
        + "server={Server}", EventName = "Watching")]
    public static partial void Watching(ILogger logger, string resource, string resourceVersion, string server);

    [LoggerMessage(3, LogLevel.Warning, "API server request failed: resource={Resource} failure={Failure} next try in "
        + "{Seconds:0.0} s. {Error}", EventName = "ApiRequestFailed")]
    public static partial void ApiRequestFailed(ILogger logger, string resource, Api.ApiFailure failure, double seconds, string error);

    [LoggerMessage(4, LogLevel.Information, "API server is back: resource={Resource} server={Server} "
        + "away={Seconds:0.0} s", EventName = "ApiBack")]
    public static partial void ApiBack(ILogger logger, string resource, string server, double seconds);

    [LoggerMessage(5, LogLevel.Information, "The server does not know the field selector {Fields} on {Resource}; it is left out "
        + "from now on, nothing to do", EventName = "FieldSelectorRefused")]
    public static partial void FieldSelectorRefused(ILogger logger, string resource, string fields);

    [LoggerMessage(6, LogLevel.Warning, "Object partly ignored: {Warning}", EventName = "ObjectPartlyIgnored")]
    public static partial void ObjectPartlyIgnored(ILogger logger, WireWarning warning);

    [LoggerMessage(7, LogLevel.Warning, "The node {Node} is not known to the API server: nothing is local to it. "
        + $"Check {OptionNames.NodeName}", EventName = "NodeMissing")]
    public static partial void NodeMissing(ILogger logger, string node);

    [LoggerMessage(8, LogLevel.Information, "Connection setting not used: {Note}", EventName = "SettingNotUsed")]
    public static partial void SettingNotUsed(ILogger logger, string note);

    [LoggerMessage(9, LogLevel.Information, "The connection is another one now: origin=\"{Origin}\" servers={Servers}",
        EventName = "ConnectionChanged")]
    public static partial void ConnectionChanged(ILogger logger, string origin, string servers);

    [LoggerMessage(
        10, LogLevel.Error, "The changed connection cannot be used, the last one stays: {Error}", EventName = "ConnectionNotUsable")]
    public static partial void ConnectionNotUsable(ILogger logger, Exception? exception, string error);

    [LoggerMessage(11, LogLevel.Information, "The server has no {Resource} for us, so they count as empty; asked again now and then. "
        + "{Error}", EventName = "OptionalAbsent")]
    public static partial void OptionalAbsent(ILogger logger, string resource, string error);

    [LoggerMessage(12, LogLevel.Error, "The credentials cannot be read, the last ones stay in use until the server refuses them: {Error}",
        EventName = "CredentialsNotUsable")]
    public static partial void CredentialsNotUsable(ILogger logger, string error);

    [LoggerMessage(
        13, LogLevel.Error, "Reading {Resource} failed unexpectedly; what is known stays, and it is tried again. Please report this",
        EventName = "ReflectorFailed")]
    public static partial void ReflectorFailed(ILogger logger, Exception exception, string resource);

    [LoggerMessage(14, LogLevel.Information,
        "Streaming lists of {Resource} do not work with this server ({Failure}): "
            + "they are listed in pages and then watched, nothing to do",
        EventName = "StreamingListRefused")]
    public static partial void StreamingListRefused(ILogger logger, string resource, Api.ApiFailure failure);

    [LoggerMessage(15, LogLevel.Information,
        "A watch brought nothing, where bookmarks were to come: resource={Resource} silent={Seconds:0} s "
            + "resourceVersion={ResourceVersion} server={Server}; everything is listed again",
        EventName = "WatchSilent")]
    public static partial void WatchSilent(ILogger logger, string resource, double seconds, string resourceVersion, string server);

    [LoggerMessage(EventId = 20, Message = "Manifests read: path={Path} files={Files} services={Services} errors={Errors}",
        EventName = "ManifestsRead")]
    public static partial void ManifestsRead(ILogger logger, LogLevel level, string path, int files, int services, int errors);

    [LoggerMessage(21, LogLevel.Error, "Manifest refused: {Problem}", EventName = "ManifestRefused")]
    public static partial void ManifestRefused(ILogger logger, Manifests.ManifestProblem problem);

    [LoggerMessage(22, LogLevel.Warning, "Manifest accepted with a warning: {Problem}", EventName = "ManifestWarning")]
    public static partial void ManifestWarning(ILogger logger, Manifests.ManifestProblem problem);

    [LoggerMessage(23, LogLevel.Information, "Manifest repaired or removed, was: {Problem}", EventName = "ManifestRepaired")]
    public static partial void ManifestRepaired(ILogger logger, Manifests.ManifestProblem problem);

    [LoggerMessage(24, LogLevel.Debug, "Manifest of another kind ignored: file={File} apiVersion={Version} kind={Kind}",
        EventName = "ManifestKindIgnored")]
    public static partial void ManifestKindIgnored(ILogger logger, string file, string version, string kind);

    [LoggerMessage(25, LogLevel.Debug, "Manifest field not used: {Warning}", EventName = "ManifestFieldIgnored")]
    public static partial void ManifestFieldIgnored(ILogger logger, WireWarning warning);

    [LoggerMessage(26, LogLevel.Error, "{Problem}", EventName = "ManifestsUnreadable")]
    public static partial void ManifestsUnreadable(ILogger logger, string problem);

    [LoggerMessage(27, LogLevel.Warning,
        "Changes below {Path} cannot be watched, it is looked through every {Seconds:0.#} s "
            + "instead: {Failure}. Raise fs.inotify.max_user_instances or max_user_watches",
        EventName = "ManifestsUnwatched")]
    public static partial void ManifestsUnwatched(ILogger logger, string path, double seconds, string failure);

    [LoggerMessage(
        28, LogLevel.Error, "The manifest reader failed on {File}; its last good content stays. Please report this with the file",
        EventName = "ManifestReaderFailed")]
    public static partial void ManifestReaderFailed(ILogger logger, Exception exception, string file);
}
