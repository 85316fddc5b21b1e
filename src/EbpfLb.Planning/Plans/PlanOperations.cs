using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

// Each operation carries the index of the group it stands and falls with.

/// <summary>Phase 1: a backend into a free id, or the same backend with the lists that it enters.</summary>
/// <param name="Before">null for a free id; else what to put back when the Service fails.</param>
internal readonly record struct BackendWrite(int Group, uint Id, LbBackend Value, BackendBefore? Before = null);

/// <summary>A backend that is in use while it is written.</summary>
internal sealed record BackendBefore(PortRecord Record, LbBackend Value);

/// <summary>Phase 2: a list of a port into its new range.</summary>
internal readonly record struct SlotWrite(int Group, PortRecord Record, PlannedList List);

/// <summary>Phase 2: a source that may use the LoadBalancer addresses of a port; or one that no longer may.</summary>
internal readonly record struct SourceChange(int Group, PlannedPort Port, SourceKey Key);

/// <summary>Phase 3: the flip of one frontend. Phase 4, without a value: the end of a frontend that nobody has any more.</summary>
internal readonly record struct EntryChange(int Group, FrontendKey Key, LbService? Value);

/// <summary>Phase 5: a backend that left lists, so that no memory chooses it from them again.</summary>
internal readonly record struct BackendUnlist(int Group, PortRecord Record, uint Id, BackendLists Keep);
