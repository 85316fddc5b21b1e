using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>
/// What follows when an address of the agent's own servers cannot be had: an event on the Node, and with --bind-address-hard-fail the end
/// of the process (docs/contract.md 10 and 14).
/// </summary>
/// <param name="stop">Ends the process.</param>
internal sealed class BindFailures(IEventRecorder events, string node, bool hardFail, Action stop, ILogger logger)
{
    /// <summary>The process ends for this reason.</summary>
    public bool Failed { get; private set; }

    /// <param name="reason">Of the event, such as "FailedToStartMetricServer".</param>
    public Action<string> For(string reason) => problem =>
    {
        events.Record(new ClusterEvent(EventSubject.Node, new ObjectName("", node), Warning: true, reason, "Start", problem));
        if (!hardFail) return;
        Log.BindHardFail(logger, problem);
        Failed = true;
        stop();
    };
}
