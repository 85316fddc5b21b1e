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
            (wire.Spec?.Taints ?? []).Where(t => t.Key is { Length: > 0 }).Select(t => t.Key!).ToValueList());
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
