using System.Text;
using System.Text.Json;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Wire;

public sealed class ObjectCodecTests
{
    private readonly ObjectCodec<EndpointSlice> codec = new WireCatalog(_ => { }).CodecOf(ApiResources.EndpointSlices);

    private WatchEvent<EndpointSlice>? Read(string line, out WireStatus? error) => codec.ReadEvent(Encoding.UTF8.GetBytes(line), out error);

    [Fact]
    public void A_type_that_comes_last_is_found()
    {
        var read = Read("""{"object":{"metadata":{"name":"a","namespace":"b","resourceVersion":"3"}},"type":"DELETED"}""", out _);

        Assert.Equal(new WatchEvent<EndpointSlice>(WatchEventType.Deleted, new("b", "a"), null, "3"), read);
    }

    [Fact]
    public void A_slice_that_is_of_no_use_any_more_is_set_without_an_object()
    {
        var read = Read(
            """{"type":"MODIFIED","object":{"metadata":{"name":"a","namespace":"b","resourceVersion":"3"},"addressType":"FQDN"}}""", out _);

        Assert.Equal(new WatchEvent<EndpointSlice>(WatchEventType.Set, new("b", "a"), null, "3"), read);
    }

    [Fact]
    public void An_error_gives_its_status()
    {
        Assert.Null(Read(
            """{"type":"ERROR","object":{"kind":"Status","metadata":{},"status":"Failure","message":"m","reason":"Expired","code":410}}""",
            out var error));
        Assert.Equal((410, "m"), (error?.Code, error?.Message));
    }

    [Fact]
    public void A_type_of_the_future_is_skipped()
    {
        Assert.Null(Read("""{"type":"SPARKLED","object":{}}""", out var error));
        Assert.Null(error);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":"ADDED"}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"name":"a"}}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"},"endpoints":5}}""")]
    public void What_is_no_event_is_refused(string line) => Assert.ThrowsAny<JsonException>(() => Read(line, out _));

    [Fact]
    public void A_slice_costs_little_more_memory_than_its_model()
    {
        const int endpoints = 1000;
        var json = Encoding.UTF8.GetBytes($$$"""
            {"metadata":{"name":"web-1","namespace":"shop","managedFields":[{"manager":"{{{new string('x', 10_000)}}}"}],"labels":{"kubernetes.io/service-name":"web"} },
             "addressType":"IPv4","endpoints":[{{{string.Join(',', Enumerable.Range(0, endpoints).Select(Endpoint))}}}],"ports":[{"name":"http","port":80}]}
            """);
        codec.ReadObject(json);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var slice = codec.ReadObject(json);
        var perEndpoint = (GC.GetAllocatedBytesForCurrentThread() - before) / endpoints;

        // The model's 40 bytes twice (array and list), and what a reader of JSON grows through; names and addresses as
        // strings, or a tree of the JSON, would be a thousand and more.
        Assert.Equal(endpoints, slice!.Endpoints.Count);
        Assert.InRange(perEndpoint, 40, 600);

        static string Endpoint(int i) => $$$"""
            {"addresses":["10.1.{{{i / 250}}}.{{{i % 250}}}"],"conditions":{"ready":true,"serving":true,"terminating":false},
             "targetRef":{"kind":"Pod","namespace":"shop","name":"web-5d4f8c7b9-{{{i}}}","uid":"00000000-0000-0000-0000-{{{i:x12}}}"},
             "nodeName":"node-{{{i % 20}}}","zone":"zone-{{{i % 3}}}"}
            """;
    }
}
