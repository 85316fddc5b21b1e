using System.Text;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Scenarios.Runner;

/// <summary>The cluster of a case: what its manifests have added up to so far.</summary>
internal sealed class ManifestState
{
    /// <summary>The own node of every case.</summary>
    public const string NodeName = "node-1";

    private readonly ClusterStateBuilder cluster = new();
    private readonly ManifestReader reader = new(
        new ManifestOptions("case", NodeName), warning => throw new FormatException(warning.ToString()), (_, _, _) => { });

    /// <summary>Adds or replaces the objects of a text. A case holds only objects that are taken as they are.</summary>
    public void Apply(string yaml)
    {
        var content = reader.Read("case.yaml", Encoding.UTF8.GetBytes(yaml), out var broken);
        if (broken is not null) throw new FormatException(broken.ToString());
        if (content!.Problems is [var problem, ..]) throw new FormatException(problem.ToString());
        foreach (var item in content.Objects)
        {
            if (item.Service is { } service) cluster.Set(service);
            if (item.Node is { } node && node.Name == NodeName) cluster.Set(node);
            if (item.Slices.IsDefaultOrEmpty) continue;
            foreach (var slice in item.Slices) cluster.Set(slice);
        }
    }

    /// <summary>Removes objects written as "Service default/web".</summary>
    public void Delete(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            var words = line.Split(' ', '/');
            var name = new ObjectName(words[1], words[2]);
            var was = words[0] switch
            {
                "Service" => cluster.RemoveService(name),
                "EndpointSlice" => cluster.RemoveSlice(name),
                _ => throw new FormatException($"'{words[0]}' cannot be deleted in a case"),
            };
            if (!was) throw new FormatException($"there is no {line}");
        }
    }

    public ClusterSnapshot Build() => cluster.Build();
}
