using System.Text.Json;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>One reading of one file: goes through documents and lists, collects objects and findings, gives findings their lines.</summary>
internal sealed class FileReading(string file, ObjectReader reader, Action<string, string, string> ignored)
{
    private const int DeepestLists = 4;
    private const string CoreVersion = "v1";
    private const string DiscoveryVersion = "discovery.k8s.io/v1";
    private const string NetworkingVersion = "networking.k8s.io/v1";

    /// <summary>Lists with more items than this are read by several threads: the state of a large cluster is one file often.</summary>
    private const int ItemsPerThread = 2_000;

    private readonly ReadObjects read = new();
    private readonly List<(TextPosition Position, int Offset)> documents = [];

    /// <summary>The file's text when it is JSON, for finding lines.</summary>
    public ReadOnlyMemory<byte>? Json { private get; set; }

    /// <summary>The file's text when it is YAML, for finding lines.</summary>
    public ReadOnlyMemory<char>? Yaml { private get; set; }

    /// <summary>Forgets what was read.</summary>
    public void Restart()
    {
        read.Clear();
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
        => Add(read, text, new Place(null, documents[^1].Position, "", "", 0), outline, itemPosition);

    private void Add(ReadObjects into, ReadOnlyMemory<byte> text, Place place, JsonOutline outline, Func<int, TextPosition>? itemPosition)
    {
        // Empty documents are what "---" at the end or a file of comments makes.
        if (outline.Type == JsonTokenType.Null) return;
        var version = outline.ApiVersion ?? place.Version;
        var kind = outline.Kind ?? place.Kind;
        if (outline.Type != JsonTokenType.StartObject || version.Length == 0 || kind.Length == 0)
        {
            var missing = outline.Type != JsonTokenType.StartObject ? "this is no object"
                : kind.Length == 0 ? "kind is not set"
                : "apiVersion is not set";
            Refuse(into, place.Root, $"{missing}; a manifest begins with apiVersion and kind: add them, or move the file elsewhere");
        }
        else if (ItemKind(version, kind) is { } itemKind)
        {
            AddItems(into, text, place, outline.Items ?? [], itemKind.Length == 0 ? "" : version, itemKind, itemPosition);
        }
        else if (IsRead(into, version, kind, place.Root))
        {
            Read(into, text.Slice(outline.Start, outline.Length), place, kind);
        }
    }

    /// <summary>
    /// Reads one item of a List by itself. False when something is wrong with it, or when it is several objects. Safe for several threads.
    /// </summary>
    /// <param name="item">The item's text; it is not kept.</param>
    /// <param name="read">null: it is of a kind that is not used.</param>
    public bool TryReadItem(ReadOnlyMemory<byte> item, int index, TextPosition position, out ManifestObject? read)
    {
        if (reader.TryReadQuickly(item.Span, position, out read)) return true;
        var json = new Utf8JsonReader(item.Span, JsonLocator.ReaderOptions);
        json.Read();
        var into = new ReadObjects();
        JsonOutline outline;
        try
        {
            outline = JsonOutline.Read(ref json);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            read = null;
            return false;
        }
        Add(into, item, new Place(FieldPath.Item(FieldPath.Member(null, "items"), index), position, "", "", 1), outline, null);
        read = into.Objects.Count == 1 ? into.Objects[0] : null;
        return into.Findings.Count == 0 && into.Refused.Count == 0 && into.Objects.Count <= 1;
    }

    private void AddItems(
        ReadObjects into, ReadOnlyMemory<byte> text, Place place, List<JsonOutline> items, string version, string kind,
        Func<int, TextPosition>? itemPosition)
    {
        var path = FieldPath.Member(place.Root, "items");
        if (place.Depth >= DeepestLists)
        {
            Refuse(into, path, $"lists in lists in lists, {place.Depth} deep; put the objects into one list");
            return;
        }
        var parts = Math.Clamp(items.Count / ItemsPerThread, 1, Environment.ProcessorCount);
        if (parts == 1)
        {
            AddPart(into, 0, items.Count);
            return;
        }
        var results = new ReadObjects[parts];
        Parallel.For(0, parts, part =>
            AddPart(
                results[part] = new ReadObjects(), (int)((long)items.Count * part / parts), (int)((long)items.Count * (part + 1) / parts)));
        foreach (var result in results) into.Append(result);

        void AddPart(ReadObjects target, int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                var inner = new Place(FieldPath.Item(path, i), itemPosition?.Invoke(i) ?? place.Position, version, kind, place.Depth + 1);
                Add(target, text, inner, items[i], null);
            }
        }
    }

    private void Read(ReadObjects into, ReadOnlyMemory<byte> json, Place place, string kind)
    {
        var context = new ObjectContext(documents.Count - 1, place.Root, kind, into.Findings);
        var item = reader.Read(json, Yaml is not null, context, place.Position, out var identity);
        context.Complete();
        if (item is not null) into.Objects.Add(item);
        else if (identity is not null) into.Refused.Add(identity.Value);
    }

    /// <summary>The kind of a list's items, "" when each says its own; null when this is no list of ours.</summary>
    private static string? ItemKind(string version, string kind) => (version, kind) switch
    {
        (CoreVersion, "List") => "",
        (CoreVersion, "ServiceList") => "Service",
        (CoreVersion, "EndpointsList") => "Endpoints",
        (CoreVersion, "NodeList") => "Node",
        (DiscoveryVersion, "EndpointSliceList") => "EndpointSlice",
        (NetworkingVersion, "ServiceCIDRList") => "ServiceCIDR",
        _ => null,
    };

    /// <summary>Whether this is an object to read; another version of one of ours is refused, other kinds are ignored.</summary>
    private bool IsRead(ReadObjects into, string version, string kind, FieldPath? root)
    {
        var wanted = kind switch
        {
            "Service" or "Endpoints" or "Node" or "ServiceList" or "EndpointsList" or "NodeList" => CoreVersion,
            "EndpointSlice" or "EndpointSliceList" => DiscoveryVersion,
            "ServiceCIDR" or "ServiceCIDRList" => NetworkingVersion,
            _ => null,
        };
        if (version == wanted) return true;
        // "Service" of serving.knative.dev and the like are kinds of their own.
        var group = version.IndexOf('/') is var slash and > 0 ? version[..slash] : "";
        if (wanted is null || (group.Contains('.') && group is not ("discovery.k8s.io" or "networking.k8s.io")))
            ignored(file, version, kind);
        else Refuse(into, root, $"no matches for kind \"{kind}\" in version \"{version}\"; use apiVersion: {wanted}");
        return false;
    }

    private void Refuse(ReadObjects into, FieldPath? path, string reason)
        => into.Findings.Add(new Finding(true, documents.Count - 1, null, path, "", reason));

    public ManifestContent Complete()
        => new([.. read.Objects], [.. read.Refused], read.Findings.Count == 0 ? [] : [.. Located()]);

    private List<ManifestProblem> Located()
    {
        var problems = new List<ManifestProblem>();
        foreach (var group in read.Findings.GroupBy(f => f.Document))
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

    /// <param name="Root">Where the object is in its document.</param>
    /// <param name="Version">What a typed list says of its items, "" otherwise.</param>
    /// <param name="Kind">The same for the kind.</param>
    private readonly record struct Place(FieldPath? Root, TextPosition Position, string Version, string Kind, int Depth);
}
