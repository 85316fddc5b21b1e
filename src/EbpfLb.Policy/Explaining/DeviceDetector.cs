namespace EbpfLb.Policy.Explaining;

/// <summary>Pods are told by the device that their packets come in by (docs/contract.md 5.3).</summary>
/// <param name="Name">Of the device, or the begin of it.</param>
public sealed record DeviceDetector(string Name, bool IsPrefix)
{
    public bool Matches(string device) => IsPrefix ? device.StartsWith(Name, StringComparison.Ordinal) : device == Name;

    public override string ToString() => IsPrefix ? $"{Name}*" : Name;
}
