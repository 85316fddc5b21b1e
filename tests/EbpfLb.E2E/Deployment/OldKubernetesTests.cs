using EbpfLb.Testing.Processes;
using static EbpfLb.E2E.Deployment.KubernetesBase;
using static EbpfLb.E2E.Deployment.RenderedObjects;

namespace EbpfLb.E2E.Deployment;

/// <summary>What the chart, and kustomize with a component, make for an API server that lacks what came with 1.30.</summary>
public sealed class OldKubernetesTests
{
    private const string Field = "appArmorProfile";
    private const string Annotation = "container.apparmor.security.beta.kubernetes.io/ebpflb";
    private const string Annotations = "annotations";

    [Theory]
    [InlineData("base.yaml", "kubernetes-1.29.yaml")]
    [InlineData("chart/default.yaml", "chart/kubernetes-1.29.yaml")]
    public void Before_Kubernetes_1_30_AppArmor_is_asked_for_by_the_annotation_and_nothing_else_differs(string usual, string old)
    {
        var (now, before) = (Of(usual), Of(old));
        Assert.Equal("Unconfined", Text(Map(Map(PodOf(now), "securityContext"), Field), "type"));
        var template = Map(TemplateOf(before), "metadata");
        Assert.Equal("unconfined", Text(Map(template, Annotations), Annotation));

        Map(PodOf(now), "securityContext").Children.Remove(Field);
        Map(template, Annotations).Children.Remove(Annotation);
        if (Map(template, Annotations).Children.Count == 0) template.Children.Remove(Annotations);
        Assert.Equal(now.Select(Canonical), before.Select(Canonical));
    }

    /// <summary>kustomize takes a path as it is from the file that names it.</summary>
    [Fact]
    public void The_component_says_how_it_is_named_from_the_overlays_and_from_the_base()
    {
        var deploy = Path.Combine(RepositoryPaths.Root, "deploy");
        var component = Path.Combine(deploy, "components", "kubernetes-1.29");
        var text = File.ReadAllText(Path.Combine(component, "kustomization.yaml"));

        foreach (var from in System.IO.Directory.EnumerateDirectories(Path.Combine(deploy, "overlays")).Append(KubernetesBase.Directory))
            Assert.Contains($" {Path.GetRelativePath(from, component)}", text, StringComparison.Ordinal);
    }

    private static List<YamlDotNet.RepresentationModel.YamlMappingNode> Of(string name)
        => RenderedObjects.Read(Path.Combine(RepositoryPaths.Root, "deploy", "rendered", name));
}
