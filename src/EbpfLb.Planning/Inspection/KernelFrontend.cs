using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Inspection;

/// <summary>An entry of lb_services4/6 with the backends that a program would find behind it.</summary>
/// <param name="LocalPolicy">The Local list is for sources from outside.</param>
/// <param name="HasRemoteEndpoints">An empty Local list means drop, not refuse.</param>
/// <param name="Slots">The Cluster list.</param>
/// <param name="Sources">Who may use it: all when null, nobody when empty.</param>
/// <param name="Problem">What a program would stumble over, null when the entry is sound.</param>
public sealed record KernelFrontend(
    FrontendKey Key,
    uint ServiceId,
    FrontendKind Kind,
    bool LocalPolicy,
    bool HasRemoteEndpoints,
    uint AffinitySeconds,
    SlotRange Slots,
    ImmutableArray<KernelBackend> Backends,
    SlotRange LocalSlots,
    ImmutableArray<KernelBackend> LocalBackends,
    ImmutableArray<SourceRange>? Sources,
    string? Problem)
{
    /// <summary>A device of the node has the address: programs leave it alone.</summary>
    public bool IsOnDevice { get; init; }
}

/// <summary>An element of lb_backends.</summary>
/// <param name="Lists">Those that affinity and UDP stickiness may choose it from.</param>
public sealed record KernelBackend(uint Id, BackendAddress Address, uint ServiceId, BackendLists Lists)
{
    /// <summary>It may be chosen at all.</summary>
    public bool IsListed => (Lists & BackendCodec.AnyList) != BackendLists.None;
}
