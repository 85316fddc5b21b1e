using EbpfLb.Datapath.Node;
using EbpfLb.Model;

namespace EbpfLb.Agent.Nodes;

/// <summary>
/// What the options need the own Node object for. Nothing else waits for it: all that does not need it is served at once. kube-proxy starts
/// only with the Node and ends when it is not there in time (docs/contract.md 13, startup 2); here the agent is not ready and says why.
/// </summary>
/// <param name="current">Asked each time: they can change.</param>
/// <param name="isFromServer">Stand-alone there may be no Node object, and primary addresses are then those of the default route.</param>
internal sealed class NodePrerequisites(Func<NodeOptions> current, string name, bool isFromServer, TimeProvider time)
{
    /// <summary>As long as kube-proxy waits.</summary>
    public static readonly TimeSpan NodeObjectGracePeriod = TimeSpan.FromMinutes(5);

    private readonly long started = time.GetTimestamp();

    /// <summary>With options that stay.</summary>
    public NodePrerequisites(NodeOptions options, string name, bool isFromServer, TimeProvider time)
        : this(() => options, name, isFromServer, time)
    {
    }

    /// <summary>One line for each thing that is missing; none when all is there or nothing is needed.</summary>
    public IEnumerable<string> Missing(Node? node)
    {
        var options = current();
        var needsCidr = options.Detector.Mode == DetectLocalMode.NodeCIDR && node?.PodCidrs is not { IsEmpty: false };
        if (needsCidr)
            yield return $"{Subject(node, "spec.podCIDRs")}, which {OptionNames.DetectLocalMode} "
                + $"NodeCIDR needs: nobody counts as a pod until then{Waited()}";
        if (isFromServer && options.NodePortAddresses.Primary && node?.Addresses is not { IsEmpty: false })
            yield return $"{Subject(node, "addresses")}, which {OptionNames.NodeportAddresses} primary needs: "
                + $"NodePorts answer on what leads to the default route until then{Waited()}";
    }

    /// <summary>Something has been missing for too long.</summary>
    public bool IsOverdue(Node? node) => time.GetElapsedTime(started) >= NodeObjectGracePeriod && Missing(node).Any();

    private string Subject(Node? node, string field) => node is null ? $"the Node {name} is not known" : $"the Node {name} has no {field}";

    private string Waited() => time.GetElapsedTime(started) >= NodeObjectGracePeriod
        ? $"; waited for more than {NodeObjectGracePeriod.TotalMinutes:0} minutes, check {OptionNames.NodeName} and "
            + "that the node is registered"
        : "";
}
