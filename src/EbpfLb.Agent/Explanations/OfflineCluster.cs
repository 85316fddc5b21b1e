using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Datapath.Node;
using EbpfLb.Explain;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Explanations;

/// <summary>Manifests, compiled for one of their nodes, without a kernel.</summary>
/// <param name="Notes">What a person should know before believing it.</param>
internal sealed record OfflineCluster(Explainer Explainer, IReadOnlyList<string> Notes)
{
    /// <param name="nodeName">null: the only Node of the manifests.</param>
    /// <param name="config">Of the agent there.</param>
    /// <param name="addresses">Further addresses of the node's interfaces.</param>
    /// <exception cref="StartException">The manifests cannot be read, or it is not clear which node is meant.</exception>
    public static OfflineCluster Load(string path, string? nodeName, LoadedConfig config, IReadOnlyList<IpAddress> addresses)
    {
        var (start, options) = (StartOptions.Of(config), LiveOptions.Of(config).Node);
        var loaded = Read(path, nodeName ?? "", options);
        if (nodeName is null)
        {
            nodeName = loaded.Nodes is [var only] ? only.Name
                : throw new StartException($"{path} has {loaded.Nodes.Length} Nodes "
                    + $"({string.Join(", ", loaded.Nodes.Select(n => n.Name))}): name one with {OptionNames.NodeName}");
            loaded = Read(path, nodeName, options);
        }
        var table = ForwardingCompiler.Compile(
            loaded.Snapshot, new PolicyOptions
            {
                NodeName = nodeName, RefuseUnknownPorts = start.RefuseUnknownPorts,
                Scheduler = start.Scheduler, MaglevTableSize = start.MaglevTableSize,
            }, null,
            new NodeNetwork([.. addresses], []));
        return new OfflineCluster(
            new Explainer(table, ExplainContexts.Of(options, nodeName, loaded.Nodes, addresses)), [.. NotesOf(loaded, nodeName)]);
    }

    private static LoadedManifests Read(string path, string nodeName, NodeOptions options)
    {
        try
        {
            return ManifestFiles.Load(new ManifestOptions(path, nodeName)
            {
                IsLenient = true, FirstNodePort = options.NodePorts.First, LastNodePort = options.NodePorts.Last,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{OptionNames.Manifests}: {e.Message}; correct the path", e);
        }
    }

    private static IEnumerable<string> NotesOf(LoadedManifests loaded, string nodeName)
    {
        foreach (var ignored in loaded.Ignored)
            yield return ignored.Contains(" KubeProxyConfiguration ", StringComparison.Ordinal)
                ? $"{ignored} is skipped; give it with {OptionNames.Config}"
                : $"{ignored} is skipped: nothing a proxy reads";
        foreach (var problem in loaded.Problems) yield return problem.ToString();
        var refused = loaded.Problems.Where(p => p.IsError && p.Object.Length > 0).Select(p => (p.File, p.Object)).Distinct().Count();
        if (refused > 0) yield return $"`ebpflb run {OptionNames.Manifests}` would not take {refused} of these objects; "
            + "they are explained as they would come from an API server";
        if (loaded.Nodes.All(n => n.Name != nodeName))
            yield return $"there is no Node {nodeName}: its zone, addresses and podCIDRs are not known"
                + (loaded.Nodes.IsEmpty ? "" : $" (there are {string.Join(", ", loaded.Nodes.Select(n => n.Name))})");
    }
}
