namespace EbpfLb.Datapath.Devices;

/// <summary>What the user says about devices; nothing by default.</summary>
/// <param name="Only">These are the uplinks, whatever they look like (--devices); empty: found by themselves.</param>
/// <param name="Excluded">Never these (--exclude-devices).</param>
/// <param name="Pods">Pods are behind these (--pod-device).</param>
public sealed record DeviceOptions(IReadOnlyList<NamePattern> Only, IReadOnlyList<NamePattern> Excluded, IReadOnlyList<NamePattern> Pods)
{
    public static DeviceOptions Default { get; } = new([], [], []);
}
