namespace EbpfLb.Planning;

/// <summary>
/// Sizes of the kernel's tables (max_entries). Ids 0 of services and backends are never used: 0 means "free" or "none"
/// there, so one id less than the size can be in use.
/// </summary>
public sealed record TableLimits
{
    public static TableLimits Default { get; } = new();

    /// <summary>Service ports of one family each; size of what is indexed by the service id.</summary>
    public int MaxServices { get; init; } = 65_536;

    /// <summary>Entries of lb_backends.</summary>
    public int MaxBackends { get; init; } = 262_144;

    /// <summary>Entries of lb_slots. Lists are rounded up to multiples of 4 and written anew before the old one goes.</summary>
    public int MaxSlots { get; init; } = 524_288;

    /// <summary>Entries of lb_maglev. Tables are written anew before the old one goes.</summary>
    public int MaxMaglevRows { get; init; } = 65_536;

    /// <summary>Entries of lb_services4.</summary>
    public int MaxFrontends4 { get; init; } = 65_536;

    /// <summary>Entries of lb_services6.</summary>
    public int MaxFrontends6 { get; init; } = 65_536;

    /// <summary>Entries of lb_src_ranges4.</summary>
    public int MaxRanges4 { get; init; } = 32_768;

    /// <summary>Entries of lb_src_ranges6.</summary>
    public int MaxRanges6 { get; init; } = 32_768;
}
