using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>Tells what became of the own Node object: each of these makes kube-proxy end, or its load balancers go elsewhere.</summary>
internal sealed class NodeObjectLog(string name, IEventRecorder events, ILogger logger)
{
    public void Write(Node? before, Node? now)
    {
        if (before is null)
        {
            if (now is not null)
                Log.NodeKnown(logger, name, Text(now.Addresses), Text(now.PodCidrs), now.Zone ?? "", now.IsEligible);
            return;
        }
        if (now is null)
        {
            Log.NodeGone(logger, name);
            events.Record(new ClusterEvent(EventSubject.Node, new ObjectName("", name), Warning: true, "NodeGone", "Watch",
                "the Node object was deleted while its agent runs; what was known of it "
                    + "stays in force, and /healthz tells load balancers to go elsewhere"));
            return;
        }
        Changed("addresses", Text(before.Addresses), Text(now.Addresses));
        Changed("podCIDRs", Text(before.PodCidrs), Text(now.PodCidrs));
        Changed("zone", before.Zone ?? "", now.Zone ?? "");
        Changed("eligible for load balancers", before.IsEligible.ToString(), now.IsEligible.ToString());
    }

    private void Changed(string what, string before, string now)
    {
        if (before != now) Log.NodeChanged(logger, name, what, before, now);
    }

    private static string Text<T>(ValueList<T> values) => string.Join(',', values);
}
