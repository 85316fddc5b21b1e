using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Fuzz.Targets;

/// <summary>A list that is read piece by piece: it holds what the same list holds when it is read as a whole, or is left to that.</summary>
internal sealed class LargeListTarget : FuzzTarget
{
    public override string Name => "manifest-list";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        .. Corpora.Items("services.json").Concat(Corpora.Items("endpointslices.json")).Chunk(5).Where((_, i) => i % 5 == 0)
            .Select(items => Corpora.Bytes($$"""{"apiVersion":"v1","kind":"List","items":[{{string.Join(",\n", items)}}]}""")),
        .. Corpora.Items("services.json").Where((_, i) => i % 7 == 0)
            .Select(item => Corpora.Bytes($$"""{"items":[{{item}},{{item}}],"kind":"List","apiVersion":"v1"}""")),
    ];

    public override long MostAllocated => 256 << 20;

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        var reader = new ManifestReader(new ManifestOptions("/", "node-1"), static _ => { }, static (_, _, _) => { });
        using var stream = new PiecewiseStream(input, random);
        var list = reader.ReadList("x.json", stream, null);
        if (list is null) return null;
        report.Read++;
        var whole = reader.Read("x.json", input, out var refused);
        if (whole is null) return $"read in pieces, and refused as a whole: {refused}";
        if (whole.Problems.Length > 0) return $"read in pieces, and as a whole with a problem: {whole.Problems[0]}";
        var objects = list.Objects.Where(item => item is not null).Select(item => item!.ToString());
        return objects.SequenceEqual(whole.Objects.Select(item => item.ToString()))
            ? null
            : "other objects in pieces than as a whole";
    }
}
