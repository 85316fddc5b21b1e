using System.Collections.Immutable;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Reading;

/// <summary>An entry of lb_services4/6 with the backends that a program would find behind it.</summary>
/// <param name="Problem">What a program would stumble over, null when the entry is sound.</param>
public sealed record KernelFrontend(
    FrontendKey Key,
    uint ServiceId,
    uint AffinitySeconds,
    SlotRange Slots,
    ImmutableArray<KernelBackend> Backends,
    string? Problem);

/// <summary>An element of lb_backends.</summary>
/// <param name="IsLive">Affinity and UDP stickiness may choose it.</param>
public sealed record KernelBackend(uint Id, BackendAddress Address, uint ServiceId, bool IsLive);
