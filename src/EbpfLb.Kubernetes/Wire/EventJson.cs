using System.Globalization;
using System.Text.Json;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>Writes Events of events.k8s.io/v1, within the limits that a server's validation sets.</summary>
internal static class EventJson
{
    private const string Controller = "ebpflb";

    /// <summary>Longest note and longest reportingInstance.</summary>
    private const int MostNote = 1024;
    private const int MostInstance = 128;

    public static byte[] Write(EventPost post)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) Write(json, post);
        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, EventPost post)
    {
        var news = post.News;
        json.WriteStartObject();
        json.WriteString("apiVersion", "events.k8s.io/v1");
        json.WriteString("kind", "Event");
        json.WriteStartObject("metadata");
        // As client-go names them: the object, and a time that makes it unique.
        json.WriteString("name", $"{news.Name.Name}.{post.LastTime.UtcTicks.ToString("x", CultureInfo.InvariantCulture)}");
        json.WriteString("namespace", post.Namespace);
        json.WriteEndObject();
        json.WriteString("eventTime", MicroTime(post.Time));
        if (post.Count > 1)
        {
            json.WriteStartObject("series");
            json.WriteNumber("count", post.Count);
            json.WriteString("lastObservedTime", MicroTime(post.LastTime));
            json.WriteEndObject();
        }
        json.WriteString("reportingController", Controller);
        json.WriteString("reportingInstance", Cut($"{Controller}-{post.Reporter}", MostInstance));
        json.WriteString("action", news.Action);
        json.WriteString("reason", news.Reason);
        json.WriteStartObject("regarding");
        json.WriteString("apiVersion", "v1");
        json.WriteString("kind", news.Subject == EventSubject.Node ? "Node" : "Service");
        json.WriteString("name", news.Name.Name);
        if (news.Name.Namespace.Length > 0) json.WriteString("namespace", news.Name.Namespace);
        // kube-proxy gives the name in place of a uid, and `kubectl describe node` asks for that one.
        json.WriteString("uid", news.Name.ToString());
        json.WriteEndObject();
        json.WriteString("note", Cut(news.Note, MostNote));
        json.WriteString("type", news.Warning ? "Warning" : "Normal");
        json.WriteEndObject();
    }

    private static string MicroTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most];
}
