using System.Text.Json;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;

namespace EbpfLb.Fuzz.Targets;

/// <summary>
/// A page of a list from an API server, in pieces of any size: what comes out does not depend on the pieces, and what is no list is refused
/// by an exception that the client makes an answer "malformed" or "cut" of.
/// </summary>
internal sealed class ListTarget : FuzzTarget
{
    private readonly List<string> warnings = [];
    private readonly WireCatalog wire;

    public ListTarget() => wire = new WireCatalog(warning => warnings.Add(warning.ToString()));

    public override string Name => "lists";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        .. Corpora.Bodies("list-*.http"),
        .. ((string[])["services.json", "endpointslices.json", "nodes.json"]).SelectMany(file => Corpora.Items(file).Chunk(3))
            .Where((_, i) => i % 4 == 0)
            .Select(items => string.Join(',', items))
            .Select(items => Corpora.Bytes($$"""{"metadata":{"resourceVersion":"7","continue":""},"items":[{{items}}]}""")),
        Corpora.Bytes("""
            {"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"k"},"spec":{"cidrs":["10.96.0.0/12","fd00::/108"]}}]}
            """),
    ];

    public override string? Try(byte[] input, Random random, FuzzReport report) => random.Next(9) switch
    {
        < 4 => Compare(ApiResources.Services, input, random, report),
        < 7 => Compare(ApiResources.EndpointSlices, input, random, report),
        7 => Compare(ApiResources.Nodes, input, random, report),
        _ => Compare(ApiResources.ServiceCidrs, input, random, report),
    };

    private string? Compare<T>(ApiResource<T> resource, byte[] input, Random random, FuzzReport report)
        where T : class
    {
        using var whole = new MemoryStream(input);
        using var pieces = new PiecewiseStream(input, random);
        var (one, other) = (Read(resource, whole), Read(resource, pieces));
        if (one.Refused is null) report.Read++;
        return one.Refused == other.Refused && one.Items.SequenceEqual(other.Items) ? null
            : $"as a whole {one.Refused} {one.Items.Count}, in pieces {other.Refused} {other.Items.Count}";
    }

    private (Type? Refused, List<T> Items) Read<T>(ApiResource<T> resource, Stream body)
        where T : class
    {
        List<T> items = [];
        warnings.Clear();
        try
        {
            var reading = new ListPageReader<T>(wire, resource, items).ReadAsync(body, static () => { }, CancellationToken.None);
            reading.GetAwaiter().GetResult();
            return (null, items);
        }
        catch (Exception e) when (Refusals.IsKnown(e))
        {
            return (e is JsonException ? typeof(JsonException) : e.GetType(), []);
        }
    }
}
