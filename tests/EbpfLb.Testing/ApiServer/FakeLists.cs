using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Testing.ApiServer;

/// <summary>Answers lists: selection, pages, continue tokens.</summary>
internal sealed class FakeLists(FakeApiServerOptions options, FakeStore store, FakeFaults faults)
{
    public async Task AnswerAsync(HttpContext context, FakeResource resource)
    {
        var query = context.Request.Query;
        string labels = query["labelSelector"].ToString(), fields = query["fieldSelector"].ToString();
        if (FakeSelector.Parse(labels, fields, FieldsOf(options, resource), out var unknown) is not { } selector)
        {
            await FakeAnswers.WriteAsync(context, FakeStatus.UnknownField(resource, labels, fields, unknown));
            return;
        }
        if (faults.VersionsAreBehind && query["resourceVersionMatch"] == "NotOlderThan")
        {
            await FakeAnswers.WriteAsync(context, FakeStatus.TooLarge(query["resourceVersion"].ToString()));
            return;
        }
        // A list "from any version" is served by the cache, which does not page.
        var limit = query["resourceVersion"] == "0" ? 0 : int.TryParse(query["limit"], CultureInfo.InvariantCulture, out var n) ? n : 0;
        var (objects, version) = store.Snapshot(resource);
        var start = "";
        if (query["continue"].ToString() is { Length: > 0 } token)
        {
            if (ReadToken(token) is not { } place)
            {
                await FakeAnswers.WriteAsync(context, FakeStatus.BadContinue);
                return;
            }
            if (store.SnapshotAt(resource, place.Version) is not { } at)
            {
                await FakeAnswers.WriteAsync(context, FakeStatus.ContinueExpired(WriteToken(-1, place.Start)));
                return;
            }
            (objects, version, start) = (at, place.Version, place.Start);
        }
        var rest = objects.Values.Where(o => string.CompareOrdinal(o.Key, start) >= 0 && selector.Matches(o));
        await WriteAsync(context, Page(resource, rest, limit, version, selector.IsEmpty));
    }

    /// <summary>The field selectors a server knows for a resource.</summary>
    public static IReadOnlyCollection<string> FieldsOf(FakeApiServerOptions options, FakeResource resource)
        => [.. resource.Fields.Where(f => options.KnowsClusterIPField || f != "spec.clusterIP")];

    private async Task WriteAsync(HttpContext context, MemoryStream page)
    {
        var body = page.GetBuffer().AsMemory(0, (int)page.Length);
        var stalls = faults.StallLists;
        if (!stalls && !faults.TakeListCut())
        {
            await FakeAnswers.WriteAsync(context, 200, "application/json", body, options.GzipFrom);
            return;
        }
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body[..(body.Length / 2)]);
        await context.Response.Body.FlushAsync();
        if (stalls)
        {
            faults.ListStalls();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        }
        context.Abort();
    }

    private static MemoryStream Page(FakeResource resource, IEnumerable<FakeObject> rest, int limit, ulong version, bool countRest)
    {
        var page = new MemoryStream();
        var found = limit > 0 ? rest.Take(limit + 1).ToList() : rest.ToList();
        var more = limit > 0 && found.Count > limit;
        if (more) found.RemoveAt(limit);
        var metadata = new JsonObject { ["resourceVersion"] = $"{version}" };
        if (more)
        {
            metadata["continue"] = WriteToken((long)version, found[^1].Key + "\0");
            // With a selector the server does not count what is left (as recorded).
            if (countRest) metadata["remainingItemCount"] = rest.Count() - limit;
        }
        page.Write(Encoding.UTF8.GetBytes(
            $"{{\"kind\":\"{resource.Kind}List\",\"apiVersion\":\"{resource.ApiVersion}\","
                + $"\"metadata\":{metadata.ToJsonString()},\"items\":["));
        for (var i = 0; i < found.Count; i++)
        {
            if (i > 0) page.WriteByte((byte)',');
            page.Write(found[i].Body);
        }
        page.Write("]}\n"u8);
        return page;
    }

    private static string WriteToken(long version, string start)
        => Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = version, ["start"] = start }.ToJsonString()));

    private static (ulong Version, string Start)? ReadToken(string token)
    {
        try
        {
            var json = JsonNode.Parse(Base64Url.DecodeFromChars(token));
            return ((ulong)(long)json!["rv"]!, (string)json["start"]!);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }
}
