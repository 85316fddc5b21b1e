using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;

namespace EbpfLb.Planning.Planned;

// Each operation carries the index of the group it stands and falls with.

/// <summary>Phase 1: a backend into a free id (or over a damaged element of the same backend).</summary>
internal readonly record struct BackendWrite(int Group, uint Id, LbBackend Value);

/// <summary>Phase 2: the list of a port into its new range.</summary>
internal readonly record struct SlotWrite(int Group, PlannedPort Port);

/// <summary>Phase 3: the flip of one frontend. Phase 4, without a value: the end of a frontend that nobody has any more.</summary>
internal readonly record struct EntryChange(int Group, FrontendKey Key, LbService? Value);

/// <summary>Phase 5: a backend that left, so that no memory chooses it again.</summary>
internal readonly record struct BackendUnlive(int Group, uint Id);
