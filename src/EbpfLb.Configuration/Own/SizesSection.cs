namespace EbpfLb.Configuration.Own;

/// <summary>`sizes`: entries of the BPF maps; null: by the memory of the machine.</summary>
public sealed record SizesSection
{
    public int? Services { get; init; }

    public int? Frontends { get; init; }

    public int? Backends { get; init; }

    public int? Slots { get; init; }

    public int? Affinity { get; init; }

    public int? Flows { get; init; }

    public int? SourceRanges { get; init; }

    public int? NodeAddresses { get; init; }

    public int? Devices { get; init; }
}
