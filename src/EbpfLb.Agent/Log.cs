using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent;

/// <summary>Everything the agent logs itself; event names are stable.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Starting: version={Version} instance={Instance} node={Node} source={Source} pid={Pid}",
        EventName = "Starting")]
    public static partial void Starting(ILogger logger, string version, string instance, string node, string source, int pid);

    [LoggerMessage(2, LogLevel.Information, "Kernel features: available={Names}", EventName = "KernelFeatures")]
    public static partial void KernelFeatures(ILogger logger, string names);

    [LoggerMessage(
        3, LogLevel.Warning, "Kernel feature missing: name={Name} lost=\"{Lost}\" reason=\"{Reason}\"", EventName = "KernelFeatureMissing")]
    public static partial void KernelFeatureMissing(ILogger logger, string name, string lost, string reason);

    [LoggerMessage(4, LogLevel.Information, "Hooks attached: hooks={Hooks} action={Action} cgroup={Cgroup}", EventName = "HooksAttached")]
    public static partial void HooksAttached(ILogger logger, string hooks, string action, string cgroup);

    [LoggerMessage(5, LogLevel.Error, "Hooks not attached: error=\"{Error}\"", EventName = "AttachFailed")]
    public static partial void AttachFailed(ILogger logger, Exception exception, string error);

    [LoggerMessage(6, LogLevel.Information, "Canary answered: the socket hooks are in force", EventName = "CanaryOk")]
    public static partial void CanaryOk(ILogger logger);

    [LoggerMessage(7, LogLevel.Error, "Canary failed: {Problem}", EventName = "CanaryFailed")]
    public static partial void CanaryFailed(ILogger logger, string problem);

    [LoggerMessage(9, LogLevel.Information, "Canary answers again, after the hooks were attached anew; it had failed: {Problem}",
        EventName = "CanaryRepaired")]
    public static partial void CanaryRepaired(ILogger logger, string problem);

    [LoggerMessage(EventId = 8, Message = "Synced: snapshot={Snapshot} services={Services} operations={Operations} ms={Milliseconds:0.00}",
        EventName = "Synced")]
    public static partial void Synced(ILogger logger, LogLevel level, long snapshot, int services, int operations, double milliseconds);

    [LoggerMessage(174, LogLevel.Debug, "Services changed: {Names}", EventName = "ServicesChanged")]
    public static partial void ServicesChanged(ILogger logger, string names);

    [LoggerMessage(
        10, LogLevel.Warning, "Sync incomplete: snapshot={Snapshot} failed={Failed} operations={Operations} retry_s={RetrySeconds}",
        EventName = "SyncIncomplete")]
    public static partial void SyncIncomplete(ILogger logger, long snapshot, int failed, int operations, double retrySeconds);

    [LoggerMessage(11, LogLevel.Error, "Object not programmed: service={Service} error=\"{Error}\"", EventName = "ObjectFailed")]
    public static partial void ObjectFailed(ILogger logger, string service, string error);

    [LoggerMessage(
        12, LogLevel.Error, "More objects not programmed: count={Count}; `ebpflb status` lists them", EventName = "MoreObjectsFailed")]
    public static partial void MoreObjectsFailed(ILogger logger, int count);

    [LoggerMessage(
        13, LogLevel.Warning, "Object not as written: service={Service} field={Field}: {Problem}", EventName = "ObjectNotAsWritten")]
    public static partial void ObjectNotAsWritten(ILogger logger, ObjectName service, string field, string problem);

    [LoggerMessage(
        14, LogLevel.Information, "Stopping: programs and tables stay in force; `ebpflb cleanup` removes them", EventName = "Stopping")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(15, LogLevel.Error, "Cannot start: {Reason}", EventName = "CannotStart")]
    public static partial void CannotStart(ILogger logger, string reason);

    [LoggerMessage(16, LogLevel.Critical, "A part of the agent ended unexpectedly: part={Part}; the process ends and should be restarted",
        EventName = "PartFailed")]
    public static partial void PartFailed(ILogger logger, Exception exception, string part);

    [LoggerMessage(
        18, LogLevel.Error, "A follower of the pipeline failed and missed one change: of={What}; please report it with this line",
        EventName = "ListenerFailed")]
    public static partial void ListenerFailed(ILogger logger, Exception exception, string what);

    [LoggerMessage(
        19, LogLevel.Error, "A round failed unexpectedly; the tables stay as they are and it is run again", EventName = "RoundFailed")]
    public static partial void RoundFailed(ILogger logger, Exception exception);

    [LoggerMessage(
        17, LogLevel.Error, "Control socket not available: path={Path} error=\"{Error}\"; `ebpflb status` will read the pinned maps",
        EventName = "ControlUnavailable")]
    public static partial void ControlUnavailable(ILogger logger, string path, string error);

    [LoggerMessage(20, LogLevel.Information, "Settings of kube-proxy without meaning here: {Settings}", EventName = "ConfigWithoutMeaning")]
    public static partial void ConfigWithoutMeaning(ILogger logger, string settings);

    [LoggerMessage(21, LogLevel.Warning,
        "Options that do not count beside " + OptionNames.Config + ": {Options}; set them in the file "
            + $"(only kube-proxy's logging options and {OptionNames.HostnameOverride} do)",
        EventName = "OptionsIgnored")]
    public static partial void OptionsIgnored(ILogger logger, string options);

    [LoggerMessage(22, LogLevel.Warning, "Configuration: {Warning}", EventName = "ConfigWarning")]
    public static partial void ConfigWarning(ILogger logger, string warning);

    [LoggerMessage(23, LogLevel.Information, "Configuration changed: applied={Fields}", EventName = "ConfigApplied")]
    public static partial void ConfigApplied(ILogger logger, string fields);

    [LoggerMessage(
        24, LogLevel.Warning, "Configuration changed, in force only after a restart: {Fields}", EventName = "ConfigNeedsRestart")]
    public static partial void ConfigNeedsRestart(ILogger logger, string fields);

    [LoggerMessage(
        25, LogLevel.Error, "Configuration changed and cannot be used, the one before stays in force: {Error}", EventName = "ConfigBad")]
    public static partial void ConfigBad(ILogger logger, string error);

    [LoggerMessage(28, LogLevel.Error,
        "Configuration changed and reading it failed unexpectedly, the one before stays in force; please report it with this line",
        EventName = "ConfigReloadFailed")]
    public static partial void ConfigReloadFailed(ILogger logger, Exception exception);

    [LoggerMessage(26, LogLevel.Warning,
        "Notifications of configuration changes unavailable: path={Path} error=\"{Error}\"; it is looked at every {Seconds} s",
        EventName = "ConfigUnwatched")]
    public static partial void ConfigUnwatched(ILogger logger, string path, string error, double seconds);

    [LoggerMessage(27, LogLevel.Warning,
        "OOM score not set: score={Score} error=\"{Error}\"; give the right to "
            + "(CAP_SYS_RESOURCE), or set oomScoreAdj to what the process has",
        EventName = "OomScoreNotSet")]
    public static partial void OomScoreNotSet(ILogger logger, int score, string error);

    [LoggerMessage(EventId = 30, Message = "Device: name={Name} role={Role} reason=\"{Reason}\"", EventName = "Device")]
    public static partial void Device(ILogger logger, LogLevel level, string name, string role, string reason);

    [LoggerMessage(
        31, LogLevel.Information, "More devices left alone: count={Count}; `ebpflb status` lists them", EventName = "MoreDevices")]
    public static partial void MoreDevices(ILogger logger, int count);

    [LoggerMessage(32, LogLevel.Information, "Node: devices={Devices} addresses={Addresses} nodeport_addresses={NodePortAddresses}",
        EventName = "NodeState")]
    public static partial void NodeState(ILogger logger, int devices, int addresses, int nodePortAddresses);

    [LoggerMessage(33, LogLevel.Error, "Node not up to date: {Problem}; the last good state stays in force", EventName = "NodeProblem")]
    public static partial void NodeProblem(ILogger logger, Exception? exception, string problem);

    [LoggerMessage(34, LogLevel.Warning, "{Warning}", EventName = "NodeWarning")]
    public static partial void NodeWarning(ILogger logger, string warning);

    [LoggerMessage(35, LogLevel.Error, "Network notifications unavailable: error=\"{Error}\"; they are found at the next sync period",
        EventName = "NodeUnwatched")]
    public static partial void NodeUnwatched(ILogger logger, string error);

    [LoggerMessage(36, LogLevel.Debug, "Clients: namespaces={Namespaces} written={Written} removed={Removed}", EventName = "Clients")]
    public static partial void Clients(ILogger logger, int namespaces, int written, int removed);

    [LoggerMessage(37, LogLevel.Warning, "Addresses of clients not up to date: {Problem}", EventName = "ClientProblem")]
    public static partial void ClientProblem(ILogger logger, Exception? exception, string problem);

    [LoggerMessage(38, LogLevel.Warning,
        "Notifications of new network namespaces unavailable: error=\"{Error}\"; they are found at the next sync period",
        EventName = "ClientsUnwatched")]
    public static partial void ClientsUnwatched(ILogger logger, string error);

    [LoggerMessage(39, LogLevel.Debug, "Affinity: forgotten={Forgotten} of backends that are gone", EventName = "AffinityCollected")]
    public static partial void AffinityCollected(ILogger logger, int forgotten);

    [LoggerMessage(40, LogLevel.Warning, "Packets not balanced: reason={Reason} count={Count} {Sentence}", EventName = "PacketsDropped")]
    public static partial void PacketsDropped(ILogger logger, string reason, long count, string sentence);

    [LoggerMessage(41, LogLevel.Error,
        "Drop events unavailable: error=\"{Error}\"; tried again every minute, `ebpflb status` and the metrics still count them",
        EventName = "DropsUnread")]
    public static partial void DropsUnread(ILogger logger, string error);

    [LoggerMessage(42, LogLevel.Warning, "Flows given up early: map={Map} flows={Flows} full_percent={Percent}; raise {Option}",
        EventName = "FlowsGivenUp")]
    public static partial void FlowsGivenUp(ILogger logger, string map, int flows, int percent, string option);

    [LoggerMessage(EventId = 50, Message = "Event: {Subject}={Name} reason={Reason} count={Count}: {Note}", EventName = "Event")]
    public static partial void Event(
        ILogger logger, LogLevel level, EventSubject subject, ObjectName name, string reason, int count, string note);

    [LoggerMessage(51, LogLevel.Warning, "Cannot write Kubernetes Events: {Error}", EventName = "EventsRefused")]
    public static partial void EventsRefused(ILogger logger, string error);

    [LoggerMessage(52, LogLevel.Warning, "Kubernetes Event not written: reason={Reason} {Error}", EventName = "EventLost")]
    public static partial void EventLost(ILogger logger, string reason, string error);

    [LoggerMessage(53, LogLevel.Critical, "Cannot listen, and " + OptionNames.BindAddressHardFail + " is set: the process ends. {Problem}",
        EventName = "BindHardFail")]
    public static partial void BindHardFail(ILogger logger, string problem);

    [LoggerMessage(54, LogLevel.Information,
        "Node object: name={Name} addresses={Addresses} podCIDRs={PodCidrs} zone={Zone} eligible={Eligible}", EventName = "NodeKnown")]
    public static partial void NodeKnown(ILogger logger, string name, string addresses, string podCidrs, string zone, bool eligible);

    [LoggerMessage(
        55, LogLevel.Information, "Node object changed: name={Name} {What}: \"{Before}\" is \"{Now}\" now", EventName = "NodeChanged")]
    public static partial void NodeChanged(ILogger logger, string name, string what, string before, string now);

    [LoggerMessage(56, LogLevel.Error,
        "Node object deleted: name={Name}; forwarding stays as it was, /healthz says "
            + "503. Look who removed the node; its agent should end with it",
        EventName = "NodeGone")]
    public static partial void NodeGone(ILogger logger, string name);

    [LoggerMessage(57, LogLevel.Error, "Still missing: {Reason}", EventName = "NodeOverdue")]
    public static partial void NodeOverdue(ILogger logger, string reason);

    [LoggerMessage(61, LogLevel.Information, "Sockets of removed endpoints ended: udp={Udp} tcp={Tcp} untranslated={Untranslated}",
        EventName = "SocketsEnded")]
    public static partial void SocketsEnded(ILogger logger, int udp, int tcp, int untranslated);

    [LoggerMessage(62, LogLevel.Warning, "Sockets of removed endpoints stay: error=\"{Error}\"; tried again", EventName = "SocketsStay")]
    public static partial void SocketsStay(ILogger logger, string error);

    [LoggerMessage(63, LogLevel.Error, "Sockets and flows of removed endpoints were not looked at: error=\"{Error}\"; tried again",
        EventName = "StaleFailed")]
    public static partial void StaleFailed(ILogger logger, Exception exception, string error);

    [LoggerMessage(
        64, LogLevel.Warning, "Rebuilding the destination filter failed: {Error}; tried again in an hour", EventName = "FilterNotRebuilt")]
    public static partial void FilterNotRebuilt(ILogger logger, string error);

    [LoggerMessage(170, LogLevel.Warning, "Differs: stage={Stage} {Difference} ({Outcome})", EventName = "Differs")]
    public static partial void Differs(ILogger logger, VerifyStage stage, string difference, string outcome);

    [LoggerMessage(171, LogLevel.Warning, "More differ: count={Count}; `ebpflb verify` names all that still do", EventName = "MoreDiffer")]
    public static partial void MoreDiffer(ILogger logger, int count);

    [LoggerMessage(172, LogLevel.Debug, "Verified: elements={Elements} differences={Differences} repaired={Repaired} ms={Milliseconds:0}",
        EventName = "Verified")]
    public static partial void Verified(ILogger logger, long elements, int differences, int repaired, double milliseconds);

    [LoggerMessage(173, LogLevel.Error, "Not verified; tried again at the next period", EventName = "VerifyFailed")]
    public static partial void VerifyFailed(ILogger logger, Exception exception);
}
