using System.Text.RegularExpressions;
using EbpfLb.Testing.Processes;
using YamlDotNet.RepresentationModel;

namespace EbpfLb.E2E.Deployment;

/// <summary>The manifests of deploy are such as the API describes them: fields that it has, with values of their types.</summary>
public sealed class SchemaTests
{
    private const string Broken = """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: a}
        spec:
          selector: {matchLabels: {a: b}}
          updateStrategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 10%}}
          template:
            spec:
              hostNetwork: true
              terminationGracePeriodSeconds: 30
              containers:
              - {name: a, args: [run], ports: [{containerPort: 80}], resources: {requests: {cpu: 100m, memory: 1Gi}}}
        """;

    public static TheoryData<string> Files => [.. ((string[])["rendered", "demo/manifests"])
        .SelectMany(d => Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "deploy", d), "*.yaml", SearchOption.AllDirectories))
        .Select(f => Path.GetRelativePath(RepositoryPaths.Root, f)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_manifest_has_fields_of_the_API_and_no_others(string file)
    {
        var manifests = RenderedObjects.Read(Path.Combine(RepositoryPaths.Root, file));

        Assert.NotEmpty(manifests);
        Assert.Equal([], manifests.Where(m => ApiModels.Has(ApiModels.KindOf(m)))
            .Select(m => (Kind: ApiModels.KindOf(m), Why: ApiModels.Refused(m))).Where(m => m.Why is not null));
    }

    [Fact]
    public void Kinds_without_a_schema_are_those_that_the_page_on_installing_names()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "install.md"));
        var named = Regex.Match(page, @"no schema was to be had: (?<kinds>(`[^`]+`[,\s]*)+)\.", RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(1)).Groups["kinds"].Value;

        Assert.Equal(
            Files.SelectMany(f => RenderedObjects.Read(Path.Combine(RepositoryPaths.Root, f.Data))).Select(ApiModels.KindOf)
                .Where(k => !ApiModels.Has(k)).Distinct().Order(),
            Regex.Matches(named, "`(?<kind>[^`]+)`", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
                .Select(m => m.Groups["kind"].Value).Order());
    }

    [Theory]
    [InlineData("hostNetwork", "hostNetwrok", "hostNetwrok")]
    [InlineData("hostNetwork", "hostnetwork", "hostnetwork")]
    [InlineData("maxSurge", "maxsurge", "maxsurge")]
    [InlineData("cpu: 100m", "cpu: [1]", "requests")]
    [InlineData("hostNetwork: true", "hostNetwork: \"true\"", "hostNetwork")]
    [InlineData("Seconds: 30", "Seconds: \"30\"", "terminationGracePeriodSeconds")]
    [InlineData("args: [run]", "args: run", "args")]
    [InlineData("args: [run]", "args: [1]", "args")]
    [InlineData("containerPort: 80", "containerPort: [80]", "containerPort")]
    [InlineData("maxUnavailable: 10%", "maxUnavailable: {}", "maxUnavailable")]
    public void A_misspelt_field_and_a_value_of_another_type_are_refused(string correct, string wrong, string named)
    {
        Assert.Null(ApiModels.Refused(KubernetesBase.Parse(Broken)));
        Assert.Contains(correct, Broken, StringComparison.Ordinal);

        var refused = ApiModels.Refused(KubernetesBase.Parse(Broken.Replace(correct, wrong, StringComparison.Ordinal)));

        Assert.NotNull(refused);
        Assert.Contains(named, refused, StringComparison.Ordinal);
    }
}
