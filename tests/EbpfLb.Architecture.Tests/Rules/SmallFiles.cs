namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// A file of a few lines is one more to open: a type that serves another stands in that one's file. What is small and stands alone is
/// listed with why.
/// </summary>
internal static class SmallFiles
{
    public const int MinLines = 15;

    private const string Domain = "a type of the domain, used everywhere";
    private const string Record = "a record or enum that several of its folder's types speak in";
    private const string Helper = "one job that several types need, with nothing to join";
    private const string Messages = "the messages of a project, in Log.cs as in every other";

    private static readonly Dictionary<string, string> Alone = new(StringComparer.Ordinal)
    {
        ["src/EbpfLb.Abi/KnobValue.cs"] = "what the generated types are written with",
        ["src/EbpfLb.Agent/Options/Choice.cs"] = Helper,
        ["src/EbpfLb.Agent/Control/DropLines.cs"] = "a context that System.Text.Json generates into",
        ["src/EbpfLb.Agent/Options/FlowOptions.cs"] = Record,
        ["src/EbpfLb.Agent/Pipeline/PipelineSettings.cs"] = Record,
        ["src/EbpfLb.Configuration/ConfigProblem.cs"] = Record,
        ["src/EbpfLb.Configuration/KubeProxy/DetectLocalSection.cs"] = Record,
        ["src/EbpfLb.Configuration/KubeProxy/FeatureGate.cs"] = Record,
        ["src/EbpfLb.Configuration/KubeProxy/NftablesSection.cs"] = Record,
        ["src/EbpfLb.Configuration/Values/ConfigPorts.cs"] = Helper,
        ["src/EbpfLb.Configuration/Values/PortsText.cs"] = Helper,
        ["src/EbpfLb.Datapath/Attach/TcAttachMode.cs"] = Record,
        ["src/EbpfLb.Datapath/StaleSockets/IteratorFinder.cs"] = "one of the ways behind an interface, each in its file",
        ["src/EbpfLb.Http/Metrics/DebugPages.cs"] = Record,
        ["src/EbpfLb.Http/Metrics/RestClientMetrics.cs"] = Record,
        ["src/EbpfLb.Http/Metrics/UnixTime.cs"] = Helper,
        ["src/EbpfLb.Kubernetes/Auth/ConnectionException.cs"] = Record,
        ["src/EbpfLb.Model/ObjectName.cs"] = Domain,
        ["src/EbpfLb.Native/Utf8Text.cs"] = Helper,
        ["src/EbpfLb.Planning/Log.cs"] = Messages,
        ["src/EbpfLb.Planning/Plans/PlannedRemoval.cs"] = Helper,
        ["src/EbpfLb.Timing/Log.cs"] = Messages,
    };

    public static IEnumerable<string> Violations(SourceTree tree)
        => from file in tree.WithExtension(".cs")
           where file.Path.StartsWith("src/", StringComparison.Ordinal) && !file.Path.EndsWith(".g.cs", StringComparison.Ordinal)
           let lines = file.Text.Count(c => c == '\n')
           where lines < MinLines && !Alone.ContainsKey(file.Path)
           select $"{file.Path}: {lines} lines; put it into the file of the type that "
               + $"it serves, or list it in {nameof(SmallFiles)} with why";

    /// <summary>What is listed and is small no more, or gone.</summary>
    public static IEnumerable<string> Outdated(SourceTree tree)
        => Alone.Keys.Where(path => !tree.Files.TryGetValue(path, out var text) || text.Count(c => c == '\n') >= MinLines);
}
