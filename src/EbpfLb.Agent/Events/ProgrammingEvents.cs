using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Events;

/// <summary>Tells the cluster of Services that could not be programmed, where their owners look: at the Service.</summary>
internal sealed class ProgrammingEvents(IEventRecorder events)
{
    public const string Reason = "FailedToProgramService";

    /// <summary>A full table fails for thousands of Services at once; the metric counts them.</summary>
    private const int MaxEventsARound = 10;

    /// <summary>After each round; what repeats is summed up by the recorder.</summary>
    public void Record(RoundReport round)
    {
        foreach (var failure in round.Failures.Where(f => f.Service is { } name && name != Canary.Name).Take(MaxEventsARound))
            events.Record(
                new ClusterEvent(EventSubject.Service, failure.Service!.Value, Warning: true, Reason, "Program", failure.Message));
    }
}
