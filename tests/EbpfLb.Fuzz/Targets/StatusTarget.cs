using System.Text.Json;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Fuzz.Targets;

/// <summary>The body of an answer that is no success: a Status, or no JSON.</summary>
internal sealed class StatusTarget : FuzzTarget
{
    private readonly WireCatalog wire = new(static _ => { });

    public override string Name => "statuses";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        .. Corpora.Bodies("forbidden.http"), .. Corpora.Bodies("notfound-resource.http"), .. Corpora.Bodies("bad-continue.http"),
        .. Corpora.Bodies("list-continue-expired.http"), .. Corpora.Bodies("unauthorized.http"),
    ];

    public override IReadOnlyList<string> Words => ["retryAfterSeconds", "causes", "details", "code"];

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        try
        {
            if (JsonSerializer.Deserialize(input, wire.Json.WireStatus) is not null) report.Read++;
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
