using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Fuzz.Targets;

/// <summary>Lines of a watch: an event, an error, a type that is not known, or refused by an exception that the client explains.</summary>
internal sealed class WatchTarget : FuzzTarget
{
    private readonly WireCatalog wire = new(static _ => { });

    public override string Name => "watches";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        .. Corpora.Bodies("watch-*.http"),
        .. ((string[])["services.json", "endpointslices.json", "nodes.json"]).SelectMany(file => Corpora.Items(file))
            .Where((_, i) => i % 5 == 0)
            .Select((item, i) => Corpora.Bytes(
                $$"""{"type":"{{(i % 3 == 0 ? "DELETED" : "MODIFIED")}}","object":{{item.ReplaceLineEndings(" ")}}}""")),
    ];

    public override IReadOnlyList<string> Words => ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "type", "object"];

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        using var stream = new PiecewiseStream(input, random);
        var lines = new LineReader(stream);
        do
        {
            while (lines.TryTake(out var line))
            {
                if (TryLine(line.Span, random, report) is { } broken) return broken;
            }
        }
        while (lines.FillAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult());
        // Most inputs are one line, whose end may be missing.
        return TryLine(input, random, report);
    }

    private string? TryLine(ReadOnlySpan<byte> line, Random random, FuzzReport report)
    {
        try
        {
            return random.Next(3) switch
            {
                0 => Event(wire.CodecOf(ApiResources.EndpointSlices), line, report),
                1 => Event(wire.CodecOf(ApiResources.Nodes), line, report),
                _ => Event(wire.CodecOf(ApiResources.Services), line, report),
            };
        }
        catch (Exception e) when (Refusals.IsKnown(e))
        {
            return null;
        }
    }

    private static string? Event<T>(ObjectCodec<T> codec, ReadOnlySpan<byte> line, FuzzReport report)
        where T : class
    {
        var read = codec.ReadEvent(line, out var error);
        if (read is null) return null;
        report.Read++;
        if (error is not null) return "an event and an error";
        return read.ResourceVersion is null || (read.Type != WatchEventType.Set && read.Object is not null) ? $"not whole: {read}" : null;
    }
}
