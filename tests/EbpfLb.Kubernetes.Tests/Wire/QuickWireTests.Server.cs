using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Tests.Recordings;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Tests.Wire;

/// <summary>What only servers write: managedFields, bookmarks; and what is too much or no text.</summary>
public sealed partial class QuickWireTests
{
    private static readonly JsonSerializerOptions AsServers = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("list-services-page1")]
    [InlineData("list-endpointslices-rv0")]
    [InlineData("watch-services")]
    [InlineData("watch-endpointslices")]
    public void Most_of_what_a_real_server_answers_is_taken(string recording)
    {
        var answer = Recording.Load(recording);
        var objects = recording.StartsWith("list", StringComparison.Ordinal) ? JsonNode.Parse(answer.Text)!["items"]!.AsArray()
            : answer.Lines.Select(line => JsonNode.Parse(line)!["object"]);
        var isSlice = recording.Contains("slices", StringComparison.Ordinal);
        // Bookmarks have no name.
        var taken = objects.Where(item => item!["metadata"]!["name"] is not null)
            .Select(item => AgreesAsFromAServer(item!.ToJsonString(AsServers), isSlice)).ToList();

        Assert.NotEmpty(taken);
        Assert.InRange(taken.Count(t => t), (taken.Count + 1) / 2, taken.Count);
    }

    [Theory]
    [InlineData("""{"k:{\"a\":1}":1,"k:{\"b\\":2}""", true)]
    [InlineData("""{"k:{\"a\":1}":1,"k:{\"a\":1}":2}""", false)]
    [InlineData("""{"k:{\u0022a":1}""", false)]
    [InlineData("""{"a\/b":1}""", false)]
    public void A_name_with_quotes_is_taken_once_and_only_where_it_has_one_spelling(string managed, bool isTaken)
    {
        foreach (var text in (string[])[Internal, SliceThatSaysLast])
        {
            Assert.Equal(isTaken, AgreesAsFromAServer(
                text.Replace("\"metadata\":{", $"\"metadata\":{{\"managedFields\":[{managed}],", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData(Service)]
    [InlineData(Slice)]
    public void Annotations_that_are_too_long_are_left_to_others(string text)
    {
        const string Time = "trigger-time\":\"";
        Assert.False(Agrees(text.Replace(Time, Time + new string('x', 300_000), StringComparison.Ordinal)));
    }

    [Fact]
    public void Bytes_that_are_no_text_are_left_to_others()
    {
        var text = Encoding.UTF8.GetBytes(Service.Replace("x \\\" y", "#", StringComparison.Ordinal));
        Assert.NotNull(quick.Service(text));
        text[text.AsSpan().IndexOf((byte)'#')] = 0xff;
        Assert.Null(quick.Service(text));
    }

    [Theory]
    [InlineData("true", WatchEventType.InitialEventsEnd)]
    [InlineData("false", WatchEventType.Bookmark)]
    public void A_bookmark_that_has_a_whole_object_says_whether_all_was_sent(string end, WatchEventType expected)
    {
        var item = JsonNode.Parse(Slice)!;
        item["metadata"]!["resourceVersion"] = "5";
        item["metadata"]!["annotations"]!["k8s.io/initial-events-end"] = end;
        var line = new JsonObject { ["type"] = "BOOKMARK", ["object"] = item }.ToJsonString(AsServers);

        var read = new WireCatalog(_ => { }).CodecOf(ApiResources.EndpointSlices).ReadEvent(Encoding.UTF8.GetBytes(line), out _);

        Assert.Equal(expected, read!.Type);
    }
}
