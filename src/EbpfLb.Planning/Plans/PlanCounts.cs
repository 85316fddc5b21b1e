namespace EbpfLb.Planning.Plans;

/// <summary>How much a plan does.</summary>
/// <param name="Services">Services touched; leftovers of unknown owners count as one each.</param>
/// <param name="BackendWrites">Phase 1.</param>
/// <param name="SlotWrites">Phase 2, in slots.</param>
/// <param name="AllowedSources">Phase 2.</param>
/// <param name="Flips">Phase 3.</param>
/// <param name="Deletes">Phase 4, and those of phase 2.</param>
/// <param name="Unlisted">Phase 5, backends.</param>
/// <param name="RefusedSources">Phase 2.</param>
/// <param name="RetiredBackends">Phase 6.</param>
/// <param name="RetiredSlots">Phase 6.</param>
/// <param name="RetiredServices">Phase 6.</param>
/// <param name="RetiredSources">Phase 6.</param>
public sealed record PlanCounts(
    int Services,
    int BackendWrites,
    int SlotWrites,
    int AllowedSources,
    int Flips,
    int Deletes,
    int Unlisted,
    int RefusedSources,
    int RetiredBackends,
    int RetiredSlots,
    int RetiredServices,
    int RetiredSources);
