using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>A mapping of a YAML file with the path that leads to it, so that each error can name file, line and field.</summary>
internal sealed record YamlMap(string File, string Path, YamlMappingNode Node)
{
    private const int DeepestNesting = 64;

    /// <summary>File and field, for messages.</summary>
    public string Where(string key) => Path.Length == 0 ? $"{File}: {key}" : $"{File}: {Path}.{key}";

    /// <exception cref="ConfigException">Not YAML, or no mapping.</exception>
    public static YamlMap Parse(string file, string text)
    {
        var stream = new YamlStream();
        try
        {
            CheckDepth(file, text);
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ConfigException($"{file}, line {e.Start.Line}: not YAML: {e.Message}; correct it", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // Some texts make the parser fail in its own code.
            throw new ConfigException($"{file}: not YAML: {e.Message}; look for a missing bracket, quote or colon", e);
        }
        return stream.Documents.Count > 0 && stream.Documents[0].RootNode is YamlMappingNode root
            ? new YamlMap(file, "", root)
            : throw new ConfigException($"{file}: not a kubeconfig; it must be a mapping with clusters, users and contexts");
    }

    /// <summary>A scalar; null when unset or empty.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null => null,
        YamlScalarNode { Value: null or "" or "null" or "~" } => null,
        YamlScalarNode scalar => WithoutNul(scalar.Value, key),
        var other => throw Wrong(key, other, "text"),
    };

    public bool Flag(string key) => Text(key) switch
    {
        null or "false" or "False" => false,
        "true" or "True" => true,
        var other => throw new ConfigException($"{Where(key)} is '{other}'; it must be true or false"),
    };

    public YamlMap? Map(string key) => Find(key) switch
    {
        null or YamlScalarNode { Value: null or "" or "null" } => null,
        YamlMappingNode map => new YamlMap(File, Path.Length == 0 ? key : $"{Path}.{key}", map),
        var other => throw Wrong(key, other, "a mapping"),
    };

    /// <summary>The mappings of a list.</summary>
    public IReadOnlyList<YamlMap> Maps(string key)
    {
        var path = Path.Length == 0 ? key : $"{Path}.{key}";
        return [.. Items(key).Select((item, i) => item is YamlMappingNode map
            ? new YamlMap(File, $"{path}[{i}]", map)
            : throw Wrong($"{key}[{i}]", item, "a mapping"))];
    }

    /// <summary>The scalars of a list.</summary>
    public IReadOnlyList<string> Texts(string key)
        => [.. Items(key).Select((item, i) => (item as YamlScalarNode)?.Value is { } text ? WithoutNul(text, $"{key}[{i}]") : throw Wrong($"{key}[{i}]", item, "text"))];

    private IEnumerable<YamlNode> Items(string key) => Find(key) switch
    {
        null or YamlScalarNode { Value: null or "" or "null" } => [],
        YamlSequenceNode list => list.Children,
        var other => throw Wrong(key, other, "a list"),
    };

    private YamlNode? Find(string key) => Node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private ConfigException Wrong(string key, YamlNode node, string expected)
        => new($"{Where(key)} (line {node.Start.Line}) must be {expected}; correct it");

    /// <summary>The end of a text for the kernel: no path, argument, variable, name or token holds it.</summary>
    private string WithoutNul(string text, string key)
        => text.Contains('\0') ? throw new ConfigException($"{Where(key)} holds a NUL character (\\0); correct it") : text;

    /// <summary>The library reads nested nodes by recursion, and a stack that overflows ends the process.</summary>
    private static void CheckDepth(string file, string text)
    {
        var parser = new Parser(new StringReader(text));
        for (var depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > DeepestNesting)
                throw new ConfigException($"{file}, line {parser.Current.Start.Line}: nested deeper than {DeepestNesting} levels; no kubeconfig is: correct it");
        }
    }
}
