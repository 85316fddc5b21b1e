using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Testing.ApiServer;

/// <summary>Takes Events of events.k8s.io/v1 that a real server's validation would take, and keeps them.</summary>
internal sealed partial class FakeEvents
{
    private const int MostName = 253;
    private const int MostReason = 128;
    private const int MostNote = 1024;

    private readonly ConcurrentQueue<JsonObject> all = [];

    public IReadOnlyList<JsonObject> All => [.. all];

    /// <summary>The namespace that an Event is posted to; null: the request is another one.</summary>
    public static string? NamespaceOf(HttpRequest request)
        => HttpMethods.IsPost(request.Method) && Path().Match(request.Path) is { Success: true } match ? match.Groups["ns"].Value : null;

    public async Task AnswerAsync(HttpContext context)
    {
        var json = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!.AsObject();
        if (Problem(json, NamespaceOf(context.Request)!) is { } problem)
        {
            await FakeAnswers.WriteAsync(context, FakeStatus.InvalidEvent(problem));
            return;
        }
        all.Enqueue(json);
        await FakeAnswers.WriteAsync(context, 201, "application/json", Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    private static string? Problem(JsonObject json, string ns)
    {
        string Text(string field) => (string?)json[field] ?? "";
        var metadata = json["metadata"]!;
        var regarding = json["regarding"]!;
        if ((string?)json["kind"] != "Event" || (string?)json["apiVersion"] != "events.k8s.io/v1") return "kind or apiVersion";
        if ((string?)metadata["namespace"] != ns) return "metadata.namespace: does not match the namespace of the request";
        if ((string?)metadata["name"] is not { Length: > 0 and <= MostName }) return "metadata.name";
        if (((string?)regarding["namespace"] ?? "default") != ns) return "regarding.namespace: does not match event.namespace";
        if (!IsMicroTime(Text("eventTime"))) return "eventTime";
        if (Text("reportingController").Length == 0 || Text("reportingInstance").Length is 0 or > MostReason)
            return "reportingController or reportingInstance";
        if (Text("action").Length is 0 or > MostReason || Text("reason").Length is 0 or > MostReason) return "action or reason";
        if (Text("note").Length > MostNote) return "note: can have at most 1024 characters";
        if (Text("type") is not ("Normal" or "Warning")) return "type";
        if (json["series"] is not { } series) return null;
        if (!IsMicroTime((string?)series["lastObservedTime"])) return "series.lastObservedTime";
        return (int)series["count"]! < 2 ? "series.count: should be at least 2" : null;
    }

    /// <summary>Six digits after the point, no fewer.</summary>
    private static bool IsMicroTime(string? text)
        => DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    [GeneratedRegex("^/apis/events.k8s.io/v1/namespaces/(?<ns>[^/]+)/events$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Path();
}
