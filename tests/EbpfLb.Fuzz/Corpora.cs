using System.Text;
using System.Text.Json;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Fuzz;

/// <summary>What this repository has of inputs: recordings of API servers, cases of the tests, the files of deploy and docs.</summary>
internal static class Corpora
{
    private const int Longest = 8 * 1024;
    private static readonly string Recordings = Path.Combine(RepositoryPaths.Root, "tests", "EbpfLb.Kubernetes.Tests", "Recordings");

    /// <summary>Manifests in YAML and JSON.</summary>
    public static IReadOnlyList<byte[]> Manifests { get; } =
    [
        .. Files("deploy/demo/manifests", "*.yaml"), .. Files("deploy/kubernetes", "*.yaml"),
        .. Texts("tests/EbpfLb.Scenarios/cases", "*.txt").SelectMany(Applied).Select(Bytes),
        .. Items("services.json").Concat(Items("endpointslices.json")).Concat(Items("nodes.json"))
            .Where((_, i) => i % 9 == 0).Select(item => Bytes($$"""{"apiVersion":"v1","kind":"List","items":[{{item}}]}""")),
        Bytes("""
            apiVersion: v1
            kind: List
            items:
            - apiVersion: v1
              kind: Service
              metadata: &m
                name: a
                labels: {x: 'y'}
              spec: {clusterIPs: [10.96.0.1, "fd00::1"], ipFamilyPolicy: RequireDualStack, ports: [{port: 0x50}]}
            - apiVersion: v1
              kind: Endpoints
              metadata: *m
              subsets:
              - addresses: [{ip: 10.0.0.1}]
                ports:
                - port: 80
            - {apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [10.96.0.0/12]} }
            """),
    ];

    /// <summary>Items of lists as an API server writes them.</summary>
    public static IReadOnlyList<string> Items(string file)
    {
        using var list = JsonDocument.Parse(File.ReadAllText(Path.Combine(Recordings, "seed-corpus", file)));
        var root = list.RootElement;
        var items = root.ValueKind == JsonValueKind.Array ? root : root.GetProperty("items");
        return [.. items.EnumerateArray().Select(item => item.GetRawText()).Where(text => text.Length <= Longest)];
    }

    /// <summary>The bodies of recorded answers.</summary>
    public static IReadOnlyList<byte[]> Bodies(string pattern) =>
    [
        .. Directory.GetFiles(Recordings, pattern).Order(StringComparer.Ordinal).Select(File.ReadAllText).Select(BodyOf)
            .SelectMany(body => pattern.StartsWith("watch", StringComparison.Ordinal) ? body.Split('\n') : [body])
            .Select(text => text.Trim()).Where(text => text.Length is > 0 and < 4 * Longest).Select(Bytes),
    ];

    /// <summary>Blocks of YAML in the documentation that hold the word.</summary>
    public static IEnumerable<byte[]> Documented(string word)
        => Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "docs"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(path => File.ReadAllText(path).Split("```").Where((_, i) => i % 2 == 1))
            .Select(block => block[(block.IndexOf('\n') + 1)..])
            .Where(block => block.Contains(word, StringComparison.Ordinal)).Select(Bytes);

    public static IEnumerable<byte[]> Files(string directory, string pattern) => Texts(directory, pattern).Select(Bytes);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<string> Texts(string directory, string pattern)
        => Directory.GetFiles(Path.Combine(RepositoryPaths.Root, directory), pattern).Order(StringComparer.Ordinal)
            .Select(File.ReadAllText);

    /// <summary>The manifests of a case.</summary>
    private static IEnumerable<string> Applied(string text)
        => text.Split("\n== ").Where(section => section.StartsWith("apply", StringComparison.Ordinal))
            .Select(section => section[(section.IndexOf('\n') + 1)..]).Where(section => section.Length is > 0 and <= Longest);

    private static string BodyOf(string recording)
    {
        var normal = recording.ReplaceLineEndings("\n");
        return normal[(normal.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
    }
}
