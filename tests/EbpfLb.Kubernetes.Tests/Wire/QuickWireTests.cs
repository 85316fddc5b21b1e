using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Kubernetes.Wire.Quick;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Wire;

/// <summary>Objects that are read in one pass: what it takes, the thorough ways take without a word, and make the same of it.</summary>
public sealed partial class QuickWireTests
{
    private const string Service = """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop","uid":"1","resourceVersion":"12","generation":1,
        "creationTimestamp":"2025-01-01T00:00:00Z","labels":{"app":"web","service.kubernetes.io/headless":""},
        "annotations":{"a.example.com/text":"x \" y","endpoints.kubernetes.io/last-change-trigger-time":"2025-01-01T00:00:00Z"},
        "managedFields":[{"manager":"kubectl","fieldsV1":{"f:spec":{"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},
        "f:port":{}}}}}}]},
        "spec":{"type":"NodePort","clusterIP":"10.96.0.1","clusterIPs":["10.96.0.1","fd00::1"],"ipFamilies":["IPv4","IPv6"],
        "ipFamilyPolicy":"PreferDualStack","sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":60}},
        "internalTrafficPolicy":"Cluster","externalTrafficPolicy":"Local","publishNotReadyAddresses":true,
        "trafficDistribution":"PreferClose","selector":{"app":"web"},"ports":[{"name":"http","protocol":"TCP","port":80,
        "targetPort":"web","nodePort":30080,"appProtocol":"http"},{"name":"dns","protocol":"UDP","port":53,"targetPort":5353,
        "nodePort":30053}]},"status":{"loadBalancer":{},"conditions":[]}}
        """;

    private const string Internal = """
        {"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"shop"},"spec":{"clusterIP":"10.96.0.1",
        "ports":[{"port":80}],"type":"ClusterIP"},"status":{"loadBalancer":{}}}
        """;

    private const string Headless = """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"db"},"spec":{"clusterIP":"None","clusterIPs":["None"],
        "selector":{"app":"db"},"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"},"status":{}}
        """;

    private const string Slice = """
        {"addressType":"IPv4","apiVersion":"discovery.k8s.io/v1","endpoints":[{"addresses":["10.1.0.5"],"conditions":{"ready":true,
        "serving":true,"terminating":false},"hostname":"web-0","nodeName":"node-1","targetRef":{"kind":"Pod","name":"web-0"},"zone":"z1"},
        {"addresses":["10.1.0.6"],"conditions":{"ready":false},"hints":{"forZones":[{"name":"z1"},{"name":"z2"}],
        "forNodes":[{"name":"n1"}]},"nodeName":"node-2"}],"kind":"EndpointSlice","metadata":{"name":"web-abc",
        "namespace":"shop","labels":{"kubernetes.io/service-name":"web","endpointslice.kubernetes.io/managed-by":"c.k8s.io"},
        "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2025-01-01T00:00:00Z"},
        "ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"web"}],
        "managedFields":[{"fieldsV1":{"f:ownerReferences":{"k:{\"uid\":\"7c\"}":{},"k:{\"uid\":\"7d\"}":{}}}}]},
        "ports":[{"name":"http","port":8080,"protocol":"TCP","appProtocol":"http"},{"name":"","port":53,"protocol":"UDP"}]}
        """;

    private const string SliceThatSaysLast = """
        {"metadata":{"name":"web-v6","labels":{"kubernetes.io/service-name":"web"}},"endpoints":[{"addresses":["fd00::5"]}],
        "ports":[{"port":8080}],"addressType":"IPv6","apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice"}
        """;

    private static readonly string[] Values =
    [
        "null", "true", "0", "1", "-1", "80", "8080", "30080", "65536", "1.0", "8e1", "2147483648", "\"\"", "\"a\"", "\"A_b\"", "\"é\"",
        "\"\\u0061\"", "\"\\ud800\"", "\"x/y\"", "\"-\"", "\"None\"", "\"IPv4\"", "\"IPv6\"", "\"FQDN\"", "\"TCP\"", "\"tcp\"",
        "\"NodePort\"",
        "\"ClusterIP\"", "\"LoadBalancer\"", "\"ExternalName\"", "\"Local\"", "\"ClientIP\"", "\"RequireDualStack\"", "\"SingleStack\"",
        "\"10.96.0.1\"", "\"010.96.0.01\"", "\"127.0.0.1\"", "\"0.0.0.0\"", "\"169.254.0.1\"", "\"fd00::1\"", "\"fe80::1\"", "\"::\"",
        "\"10.96.0\"", "[]", "{}", "[null]", "[\"10.96.0.1\"]", "[\"fd00::1\",\"10.96.0.1\"]", "[\"None\"]", "{\"ready\":true}",
        "{\"x\":{\"a\":1,\"a\":2}}", "[{\"a\":1,\"a\":1}]", "{\"ip\":\"1.1.1.1\"}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "\"0123456789012345678901234567890123456789012345678901234567890123456789\"",
    ];

    public static TheoryData<string> Objects => [Service, Internal, Headless, Slice, SliceThatSaysLast];

    private readonly ObjectReader reader = new(new ManifestOptions("/", "node"), _ => { });
    private readonly WireFixture generated = new();
    private readonly QuickWire quick = new(new StringPool(), static _ => true);
    private readonly WireMapper mapper = new(_ => { });

    [Theory]
    [MemberData(nameof(Objects))]
    public void Usual_objects_are_taken(string text)
    {
        // In front of all, as API servers and kubectl write it.
        var sorted = JsonNode.Parse(text)!;
        var first = new JsonObject { ["apiVersion"] = (string)sorted["apiVersion"]!, ["kind"] = (string)sorted["kind"]! };
        foreach (var (name, value) in sorted.AsObject())
            if (!first.ContainsKey(name)) first[name] = value?.DeepClone();

        Assert.True(Agrees(first.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })));
        Assert.True(Agrees(text) || text == SliceThatSaysLast);
        Assert.True(AgreesAsFromAServer(text));
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void An_object_with_something_behind_it_is_left_to_others(string text)
    {
        Assert.False(AgreesAsFromAServer($"{text}{text}"));
        Assert.False(AgreesAsFromAServer(text[..^1]));
        Assert.False(Agrees($"{text},"));
    }

    [Fact]
    public void Most_of_what_a_real_control_plane_made_is_taken()
    {
        List<bool> manifests = [], served = [];
        foreach (var file in (string[])["services.json", "endpointslices.json"])
        {
            var list = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Recordings", "seed-corpus", file)));
            foreach (var item in list is JsonArray array ? array : list!["items"]!.AsArray())
            {
                var text = item!.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
                manifests.Add(Agrees(text));
                served.Add(AgreesAsFromAServer(text));
            }
        }
        Assert.InRange(served.Count(taken => taken), served.Count * 2 / 3, served.Count);
        Assert.InRange(manifests.Count(taken => taken), manifests.Count * 2 / 3, manifests.Count);
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void With_any_part_left_out_doubled_or_replaced_both_ways_agree(string text)
    {
        var taken = 0;
        var tried = 0;
        foreach (var variant in Variants(text))
        {
            tried++;
            if (Agrees(variant)) taken++;
            AgreesAsFromAServer(variant);
        }
        // Among them are such as both take, and such as only the thorough way may judge.
        Assert.InRange(taken, text == SliceThatSaysLast ? 0 : 10, tried / 2);
    }

    [Theory]
    [InlineData("""{"type":"ADDED","object":OBJECT}""")]
    [InlineData("""{"object":OBJECT,"type":"ADDED"}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"name":"x","resourceVersion":"1"}},"object":OBJECT}""")]
    [InlineData("""{"type":"ADDED","object":OBJECT,"more":1}""")]
    public void An_event_has_the_object_of_its_line(string line)
    {
        var codec = new WireCatalog(_ => { }).CodecOf(Kubernetes.Api.ApiResources.Services);

        var read = codec.ReadEvent(Encoding.UTF8.GetBytes(line.Replace("OBJECT", Service, StringComparison.Ordinal)), out _);

        Assert.Equal(("12", generated.Service(Service)), (read!.ResourceVersion, read.Object));
    }

    /// <summary>Whether it was taken in one pass; then the thorough way makes the same of it, without a finding.</summary>
    private bool Agrees(string text)
    {
        var json = Encoding.UTF8.GetBytes(text);
        if (!reader.TryReadQuickly(json, TextPosition.Start, out var read)) return false;
        List<Finding> found = [];
        var context = new ObjectContext(0, null, read.Identity.Kind, found);
        var thorough = reader.Read(json, mayRepeatKeys: false, context, TextPosition.Start, out _);
        context.Complete();
        Assert.True(found.Count == 0, $"{text}: {found.FirstOrDefault()}");
        Assert.NotNull(thorough);
        Assert.Equal(thorough with { Slices = default }, read with { Slices = default });
        Assert.Equal(SlicesOf(thorough), SlicesOf(read));
        return true;
    }

    private static EndpointSlice[] SlicesOf(ManifestObject item) => item.Slices.IsDefault ? [] : [.. item.Slices];

    /// <summary>The same beside the generated reader, whose duplicates and strange values are none of its business.</summary>
    private bool AgreesAsFromAServer(string text)
        => AgreesAsFromAServer(text, text.Contains("\"EndpointSlice\"", StringComparison.Ordinal));

    private bool AgreesAsFromAServer(string text, bool isSlice)
    {
        var json = Encoding.UTF8.GetBytes(text);
        if (isSlice)
        {
            if (quick.Slice(json) is not { } slice) return false;
            var (expected, mapped) = (generated.Slice(text), mapper.Map(slice));
            Assert.Equal(expected, mapped);
            Assert.Equal(expected?.TriggerTime, mapped?.TriggerTime);
        }
        else
        {
            if (quick.Service(json) is not { } service) return false;
            Assert.Equal(generated.Service(text), mapper.Map(service));
        }
        Assert.Empty(generated.Warnings);
        return true;
    }

    /// <summary>The object with each of its values left out, standing twice, under another name, and replaced by each of a list.</summary>
    private static IEnumerable<string> Variants(string text)
    {
        var json = Encoding.UTF8.GetBytes(text);
        foreach (var (from, value, end) in Members(json))
        {
            string before = text[..from], name = text[from..value], old = text[value..end], after = text[end..];
            yield return $"{before}{after}".Replace(",,", ",", StringComparison.Ordinal).Replace("{,", "{", StringComparison.Ordinal);
            yield return $"{before}{name}{old},{name}{old}{after}";
            yield return $"{before}\"unknown\":1,{name}{old}{after}";
            yield return $"{before}{name}{old},\"unknown\":{{\"a\":1,\"a\":1}}{after}";
            foreach (var other in Values) yield return $"{before}{name}{other}{after}";
        }
    }

    /// <summary>Of each member of each object: where its name, its value, and what follows begin.</summary>
    private static List<(int Name, int Value, int End)> Members(byte[] json)
    {
        List<(int, int, int)> found = [];
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName) continue;
            var name = (int)reader.TokenStartIndex;
            var inner = reader;
            inner.Read();
            var value = (int)inner.TokenStartIndex;
            inner.Skip();
            found.Add((name, value, (int)inner.BytesConsumed));
        }
        return found;
    }
}
