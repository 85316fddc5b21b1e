using System.Text;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Fuzz.Targets;

/// <summary>A file of manifests: it is read, or has one reason why not, and every reason has a line that exists.</summary>
internal sealed class ManifestTarget : FuzzTarget
{
    public override string Name => "manifests";

    public override IReadOnlyList<byte[]> Corpus => Corpora.Manifests;

    /// <summary>What aliases unfold to is bounded by their number, not by the text.</summary>
    public override long MostAllocated => 256 << 20;

    /// <summary>A key that is no text, which only JSON can have, is rare by chance.</summary>
    public override IReadOnlyList<string> Words { get; } = [.. Enumerable.Repeat("x\\ud800", 20)];

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        var options = new ManifestOptions("/", "node-1") { IsLenient = random.Next(4) == 0 };
        var content = new ManifestReader(options, static _ => { }, static (_, _, _) => { })
            .Read(random.Next(4) == 0 ? "x.json" : "x.yaml", input, out var refused);
        if (content is null == refused is null) return "neither read nor refused, or both";
        if (content is not null) report.Read++;
        var lines = input.AsSpan().Count((byte)'\n') + input.AsSpan().Count((byte)'\r') + 2
            + Encoding.UTF8.GetString(input).Count(c => c is '\u0085' or '\u2028' or '\u2029');
        foreach (var problem in content?.Problems ?? [refused!])
        {
            if (problem.Reason.Length == 0) return $"a problem without a reason: {problem}";
            if (problem.Line < 1 || problem.Line > lines || problem.Column < 1) return $"a problem at a place that is not there: {problem}";
        }
        return null;
    }
}
