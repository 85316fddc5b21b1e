using System.Globalization;
using EbpfLb.Model;
using k8s.Models;

namespace EbpfLb.Kubernetes.Api;

/// <summary>Makes Events of events.k8s.io/v1, within the limits that a server's validation sets.</summary>
internal static class EventObject
{
    private const string Controller = "ebpflb";

    /// <summary>Longest note and longest reportingInstance.</summary>
    private const int MostNote = 1024;
    private const int MostInstance = 128;

    public static Eventsv1Event Of(EventPost post)
    {
        var clusterEvent = post.Event;
        return new Eventsv1Event
        {
            ApiVersion = "events.k8s.io/v1",
            Kind = "Event",
            // As client-go names them: the object, and a time that makes it unique.
            Metadata = new V1ObjectMeta
            {
                Name = $"{clusterEvent.Name.Name}.{post.LastTime.UtcTicks.ToString("x", CultureInfo.InvariantCulture)}",
                NamespaceProperty = post.Namespace,
            },
            EventTime = post.Time.UtcDateTime,
            Series = post.Count > 1 ? new Eventsv1EventSeries { Count = post.Count, LastObservedTime = post.LastTime.UtcDateTime } : null,
            ReportingController = Controller,
            ReportingInstance = Cut($"{Controller}-{post.Reporter}", MostInstance),
            Action = clusterEvent.Action,
            Reason = clusterEvent.Reason,
            Regarding = new V1ObjectReference
            {
                ApiVersion = "v1",
                Kind = clusterEvent.Subject == EventSubject.Node ? "Node" : "Service",
                Name = clusterEvent.Name.Name,
                NamespaceProperty = clusterEvent.Name.Namespace.Length > 0 ? clusterEvent.Name.Namespace : null,
                // kube-proxy gives the name in place of a uid, and `kubectl describe node` asks for that one.
                Uid = clusterEvent.Name.ToString(),
            },
            Note = Cut(clusterEvent.Note, MostNote),
            Type = clusterEvent.Warning ? "Warning" : "Normal",
        };
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most];
}
