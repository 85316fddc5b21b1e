using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

internal sealed partial class WireMapper
{
    /// <summary>Maps a Node.</summary>
    public Node Map(WireNode wire)
    {
        var name = NameOf(wire);
        var addresses = new List<IpAddress>();
        AddAddresses(name, wire.Status?.Addresses, "InternalIP", addresses);
        AddAddresses(name, wire.Status?.Addresses, "ExternalIP", addresses);
        ValueList<string> podCidrs = wire.Spec switch
        {
            { PodCIDRs: { Length: > 0 } many } => many.ToValueList(),
            { PodCIDR: { Length: > 0 } one } => [one],
            _ => [],
        };
        return new Node(
            name.Name,
            addresses.ToValueList(),
            podCidrs,
            wire.Metadata?.Labels?.Zone is { Length: > 0 } zone ? zone : null,
            wire.Metadata?.DeletionTimestamp is not null,
            (wire.Spec?.Taints ?? []).Where(t => t.Key is { Length: > 0 }).Select(t => t.Key!).ToValueList())
        {
            OpensTunnels = OpensTunnels(name, wire.Metadata?.Labels),
        };
    }

    /// <summary>No agent of ours runs where there is no Linux, or no node at all, or where the platform has a proxy of its own.</summary>
    private bool OpensTunnels(ObjectName name, WireLabels? labels)
    {
        if (labels is null) return true;
        if (labels.Tunnel is not (null or "none"))
            Warn("Node", name, "metadata.labels[ebpflb.io/tunnel]", labels.Tunnel,
                "must be \"none\", where no agent opens tunnels; the label is ignored; correct or remove it");
        return labels.Tunnel != "none" && (labels.OperatingSystem is null or "" or "linux") && labels.Type != "virtual-kubelet"
            && labels.ComputeType is not ("fargate" or "auto");
    }

    private void AddAddresses(ObjectName name, WireNodeAddress[]? wire, string type, List<IpAddress> addresses)
    {
        for (var i = 0; i < wire?.Length; i++)
        {
            if (wire[i].Type != type) continue;
            if (!IpAddress.TryParse(wire[i].Address, out var address))
                Warn("Node", name, $"status.addresses[{i}].address", wire[i].Address, "not an IP address; the entry is "
                    + "ignored; correct it");
            else if (!addresses.Contains(address))
                addresses.Add(address);
        }
    }
}
