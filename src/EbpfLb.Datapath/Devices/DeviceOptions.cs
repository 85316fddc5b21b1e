using EbpfLb.Model;

namespace EbpfLb.Datapath.Devices;

/// <summary>What the user says about devices; nothing by default.</summary>
/// <param name="Only">These are the uplinks, whatever they look like (--devices); empty: found by themselves.</param>
/// <param name="Excluded">Never these (--exclude-devices).</param>
/// <param name="Pods">Pods are behind these (--pod-device).</param>
public sealed record DeviceOptions(IReadOnlyList<NamePattern> Only, IReadOnlyList<NamePattern> Excluded, IReadOnlyList<NamePattern> Pods)
{
    public static DeviceOptions Default { get; } = new([], [], []);

    /// <summary>
    /// Ranges that are known to be pods': of a bridge or veth without a gateway they tell whether pods are behind it, or clients such
    /// as virtual machines. Empty: not known, so such a device is left alone.
    /// </summary>
    public ValueList<SourceRange> PodRanges { get; init; }
}
