using EbpfLb.Explain;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Model;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Scenarios.Corpus;

/// <summary>The objects in objects/, and their nodes as kube-proxy's defaults with a clusterCIDR have them.</summary>
internal static class CorpusCluster
{
    public static string Directory { get; } = Path.Combine(RepositoryPaths.Root, "tests", "EbpfLb.Scenarios", "Corpus");

    public static LoadedManifests Load(string node) => ManifestFiles.Load(new ManifestOptions(Path.Combine(Directory, "objects"), node));

    public static ExplainContext ContextOf(LoadedManifests loaded, string node) => new()
    {
        NodeName = node,
        Addresses = Of(loaded, node).Addresses.Select(a => new LocalAddress(a, NodePorts: true)).ToValueList(),
        LoopbackNodePorts4 = true,
        Pods4 = [SourceRange.Parse("10.244.0.0/16")],
        Pods6 = [SourceRange.Parse("fd00:10:244::/48")],
        PodRanges = loaded.Nodes.SelectMany(n => n.PodCidrs.Select(c => new PodRange(n.Name, SourceRange.Parse(c)))).ToValueList(),
    };

    public static Node Of(LoadedManifests loaded, string node) => loaded.Nodes.Single(n => n.Name == node);
}
