namespace EbpfLb.Model;

/// <summary>The objects that a proxy has something to tell about.</summary>
public enum EventSubject : byte
{
    /// <summary>The own Node; its namespace is "".</summary>
    Node,

    Service,
}

/// <summary>Something that people who look at an object of the cluster should know: `kubectl describe` shows it.</summary>
/// <param name="Warning">false: a Normal event.</param>
/// <param name="Reason">One word in CamelCase; kube-proxy's where there is one.</param>
/// <param name="Action">What was done or tried, one word in CamelCase.</param>
/// <param name="Note">A sentence for people.</param>
public sealed record ClusterEvent(EventSubject Subject, ObjectName Name, bool Warning, string Reason, string Action, string Note);

/// <summary>Takes events; never blocks and never fails. From any thread.</summary>
public interface IEventRecorder
{
    void Record(ClusterEvent clusterEvent);
}
