using System.Collections.Immutable;
using System.Text.Json;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>One reading of one file: goes through documents and lists, collects objects and findings, gives findings their lines.</summary>
internal sealed class FileReading(string file, ObjectReader reader, Action<string, string, string> ignored)
{
    private const int DeepestLists = 4;
    private const string CoreVersion = "v1";
    private const string DiscoveryVersion = "discovery.k8s.io/v1";

    private readonly ImmutableArray<ManifestObject>.Builder objects = ImmutableArray.CreateBuilder<ManifestObject>();
    private readonly ImmutableArray<ObjectIdentity>.Builder refused = ImmutableArray.CreateBuilder<ObjectIdentity>();
    private readonly List<Finding> findings = [];
    private readonly List<(TextPosition Position, int Offset)> documents = [];

    /// <summary>The file's text when it is JSON, for finding lines.</summary>
    public ReadOnlyMemory<byte>? Json { private get; set; }

    /// <summary>The file's text when it is YAML, for finding lines.</summary>
    public ReadOnlyMemory<char>? Yaml { private get; set; }

    /// <summary>Forgets what was read.</summary>
    public void Restart()
    {
        objects.Clear();
        refused.Clear();
        findings.Clear();
        documents.Clear();
        Json = null;
    }

    /// <summary>Begins a document.</summary>
    /// <param name="offset">Of its first byte, in JSON.</param>
    public void Begin(TextPosition position, int offset) => documents.Add((position, offset));

    /// <summary>Adds a document.</summary>
    /// <param name="text">What the outline's offsets count in.</param>
    /// <param name="itemPosition">Where each of its items begins.</param>
    public void Add(ReadOnlyMemory<byte> text, JsonOutline outline, Func<int, TextPosition> itemPosition)
        => Add(text, outline, null, "", "", documents[^1].Position, itemPosition, 0);

    private void Add(
        ReadOnlyMemory<byte> text,
        JsonOutline outline,
        FieldPath? root,
        string listVersion,
        string listKind,
        TextPosition position,
        Func<int, TextPosition>? itemPosition,
        int depth)
    {
        // Empty documents are what "---" at the end or a file of comments makes.
        if (outline.Type == JsonTokenType.Null) return;
        var version = outline.ApiVersion ?? listVersion;
        var kind = outline.Kind ?? listKind;
        if (outline.Type != JsonTokenType.StartObject || version.Length == 0 || kind.Length == 0)
        {
            var missing = outline.Type != JsonTokenType.StartObject ? "this is no object" : kind.Length == 0 ? "kind is not set" : "apiVersion is not set";
            Refuse(root, $"{missing}; a manifest begins with apiVersion and kind: add them, or move the file elsewhere");
            return;
        }
        if (ItemKind(version, kind) is { } itemKind)
        {
            if (outline.Items is null) return;
            for (var i = 0; i < outline.Items.Count; i++)
            {
                var (start, length) = outline.Items[i];
                var path = FieldPath.Item(FieldPath.Member(root, "items"), i);
                if (depth >= DeepestLists)
                {
                    Refuse(path, $"lists in lists in lists, {depth} deep; put the objects into one list");
                    return;
                }
                var item = text.Slice(start, length);
                var inner = new Utf8JsonReader(item.Span, JsonLocator.ReaderOptions);
                inner.Read();
                Add(item, JsonOutline.Read(ref inner), path, itemKind.Length == 0 ? "" : version, itemKind, itemPosition?.Invoke(i) ?? position, null, depth + 1);
            }
            return;
        }
        if (IsRead(version, kind, root)) Read(text.Slice(outline.Start, outline.Length), root, kind, position);
    }

    private void Read(ReadOnlyMemory<byte> json, FieldPath? root, string kind, TextPosition position)
    {
        var context = new ObjectContext(documents.Count - 1, root, kind, findings);
        var read = reader.Read(json, Yaml is not null, context, position, out var identity);
        context.Complete();
        if (read is not null) objects.Add(read);
        else if (identity is not null) refused.Add(identity.Value);
    }

    /// <summary>The kind of a list's items, "" when each says its own; null when this is no list of ours.</summary>
    private static string? ItemKind(string version, string kind) => (version, kind) switch
    {
        (CoreVersion, "List") => "",
        (CoreVersion, "ServiceList") => "Service",
        (CoreVersion, "EndpointsList") => "Endpoints",
        (CoreVersion, "NodeList") => "Node",
        (DiscoveryVersion, "EndpointSliceList") => "EndpointSlice",
        _ => null,
    };

    /// <summary>Whether this is an object to read; another version of one of ours is refused, other kinds are ignored.</summary>
    private bool IsRead(string version, string kind, FieldPath? root)
    {
        var wanted = kind switch
        {
            "Service" or "Endpoints" or "Node" or "ServiceList" or "EndpointsList" or "NodeList" => CoreVersion,
            "EndpointSlice" or "EndpointSliceList" => DiscoveryVersion,
            _ => null,
        };
        if (version == wanted) return true;
        // "Service" of serving.knative.dev and the like are kinds of their own.
        var group = version.IndexOf('/') is var slash and > 0 ? version[..slash] : "";
        if (wanted is null || (group.Contains('.') && group != "discovery.k8s.io")) ignored(file, version, kind);
        else Refuse(root, $"no matches for kind \"{kind}\" in version \"{version}\"; use apiVersion: {wanted}");
        return false;
    }

    private void Refuse(FieldPath? root, string reason) => findings.Add(new Finding(true, documents.Count - 1, root, root, "", reason));

    public ManifestContent Complete()
        => new(objects.DrainToImmutable(), refused.DrainToImmutable(), findings.Count == 0 ? [] : [.. Located()]);

    private List<ManifestProblem> Located()
    {
        var problems = new List<ManifestProblem>();
        foreach (var group in findings.GroupBy(f => f.Document))
        {
            var tree = new PathTree();
            tree.Found(documents[group.Key].Position);
            var places = group.Select(f => (Finding: f, Place: tree.Add(f.Path))).ToList();
            if (Json is { } json) JsonLocator.Locate(json.Span, documents[group.Key].Offset, tree);
            else if (Yaml is { } yaml) YamlLocator.Locate(yaml, group.Key, tree);
            problems.AddRange(places.Select(p => ToProblem(p.Finding, p.Place.Position)));
        }
        return problems;
    }

    private ManifestProblem ToProblem(Finding finding, TextPosition position) => new(
        finding.IsError, file, position.Line, position.Column, finding.Object, finding.Path?.Text(finding.Root) ?? "", finding.Reason);
}
