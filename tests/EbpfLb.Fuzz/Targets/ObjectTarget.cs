using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Kubernetes.Wire.Quick;

namespace EbpfLb.Fuzz.Targets;

/// <summary>
/// Services and EndpointSlices that are read in one pass: the thorough ways, of manifests and of an API server, take them too, say nothing
/// to them, and make the same of them.
/// </summary>
internal sealed class ObjectTarget : FuzzTarget
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<WireWarning> warnings = [];
    private readonly WireMapper mapper;
    private readonly WireJson generated = WireJson.Create(new StringPool());
    private readonly QuickWire quick = new(new StringPool(), static _ => true);
    private readonly ObjectReader manifests = new(new ManifestOptions("/", "node-1"), static _ => { });

    public ObjectTarget() => mapper = new WireMapper(warnings.Add);

    public override string Name => "objects";

    public override IReadOnlyList<byte[]> Corpus { get; } =
        [.. ((string[])["services.json", "endpointslices.json"]).SelectMany(Corpora.Items).Select(Compact).Select(Corpora.Bytes)];

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        warnings.Clear();
        var fromServer = FromServer(input, report);
        // Files are checked for this as a whole.
        return fromServer is not null || !Utf8.IsValid(input) ? fromServer : FromManifest(input);
    }

    private string? FromServer(byte[] input, FuzzReport report)
    {
        if (quick.Service(input) is { } service)
        {
            report.Read++;
            if (!mapper.Map(service).Equals(mapper.Map(JsonSerializer.Deserialize(input, generated.WireService)!)))
                return "another Service than the generated reader's";
        }
        if (quick.Slice(input) is { } slice)
        {
            report.Read++;
            if (!Equals(mapper.Map(slice), mapper.Map(JsonSerializer.Deserialize(input, generated.WireEndpointSlice)!)))
                return "another EndpointSlice than the generated reader's";
        }
        return warnings.Count == 0 ? null : $"read in one pass, and with a warning: {warnings[0]}";
    }

    private string? FromManifest(byte[] input)
    {
        if (!manifests.TryReadQuickly(input, TextPosition.Start, out var read)) return null;
        List<Finding> found = [];
        var context = new ObjectContext(0, null, read.Identity.Kind, found);
        var thorough = manifests.Read(input, mayRepeatKeys: false, context, TextPosition.Start, out _);
        context.Complete();
        if (found.Count > 0) return $"read in one pass, and with a finding: {found[0]}";
        return thorough is not null && Text(read) == Text(thorough) ? null : "another object than the thorough reader's";
    }

    private static string Text(ManifestObject item) => $"{item.Identity} {item.HasSelector} {item.Service} "
        + (item.Slices.IsDefault ? "" : string.Join(", ", item.Slices));

    /// <summary>As servers and large files have it: without blanks, so that more of the changes hit something.</summary>
    private static string Compact(string item)
    {
        using var document = JsonDocument.Parse(item);
        return JsonSerializer.Serialize(document.RootElement, Relaxed);
    }
}
