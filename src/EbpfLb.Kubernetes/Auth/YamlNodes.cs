using EbpfLb.Yaml;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>A mapping of a YAML file with the path that leads to it, so that each error can name file, line and field.</summary>
internal sealed record YamlMap(string File, string Path, MapNode Node)
{
    /// <summary>File and field, for messages.</summary>
    public string Where(string key) => Path.Length == 0 ? $"{File}: {key}" : $"{File}: {Path}.{key}";

    /// <exception cref="ConnectionException">Not YAML, or no mapping.</exception>
    public static YamlMap Parse(string file, string text)
    {
        try
        {
            return YamlTree.Read(text) is [MapNode root, ..]
                ? new YamlMap(file, "", root)
                : throw new ConnectionException($"{file}: not a kubeconfig; it must be a mapping with clusters, users and contexts");
        }
        catch (YamlSyntaxException e)
        {
            throw new ConnectionException($"{file}, line {e.Line}: {e.Message}", e);
        }
    }

    /// <summary>A scalar; null when unset or empty.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null => null,
        ScalarNode { Text: "" or "null" or "~" } => null,
        ScalarNode scalar => WithoutNul(scalar.Text, key),
        var other => throw Wrong(key, other, "text"),
    };

    public bool Flag(string key) => Text(key) switch
    {
        null or "false" or "False" => false,
        "true" or "True" => true,
        var other => throw new ConnectionException($"{Where(key)} is '{other}'; it must be true or false"),
    };

    public YamlMap? Map(string key) => Find(key) switch
    {
        null or ScalarNode { Text: "" or "null" } => null,
        MapNode map => new YamlMap(File, Path.Length == 0 ? key : $"{Path}.{key}", map),
        var other => throw Wrong(key, other, "a mapping"),
    };

    /// <summary>The mappings of a list.</summary>
    public IReadOnlyList<YamlMap> Maps(string key)
    {
        var path = Path.Length == 0 ? key : $"{Path}.{key}";
        return [.. Items(key).Select((item, i) => item is MapNode map
            ? new YamlMap(File, $"{path}[{i}]", map)
            : throw Wrong($"{key}[{i}]", item, "a mapping"))];
    }

    /// <summary>The scalars of a list.</summary>
    public IReadOnlyList<string> Texts(string key)
        => [.. Items(key).Select((item, i)
            => (item as ScalarNode)?.Text is { } text ? WithoutNul(text, $"{key}[{i}]") : throw Wrong($"{key}[{i}]", item, "text"))];

    private IEnumerable<YamlNode> Items(string key) => Find(key) switch
    {
        null or ScalarNode { Text: "" or "null" } => [],
        ListNode list => list.Items,
        var other => throw Wrong(key, other, "a list"),
    };

    private YamlNode? Find(string key) => Node.Entries.Where(e => e.Name == key).ToList() switch
    {
        [] => null,
        [var entry] => entry.Value,
        [_, var second, ..] => throw new ConnectionException($"{Where(key)} is there twice (again in line {second.Line}); remove one"),
    };

    private ConnectionException Wrong(string key, YamlNode node, string expected)
        => new($"{Where(key)} (line {node.Line}) must be {expected}; correct it");

    /// <summary>The end of a text for the kernel: no path, argument, variable, name or token holds it.</summary>
    private string WithoutNul(string text, string key)
        => text.Contains('\0') ? throw new ConnectionException($"{Where(key)} holds a NUL character (\\0); correct it") : text;
}
