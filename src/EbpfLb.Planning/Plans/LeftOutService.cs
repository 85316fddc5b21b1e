using EbpfLb.Planning.Allocation;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>
/// A Service that did not fit, and what it did not fit into: it is not drafted again before it changes or there is more room, as each
/// draft costs what its endpoints are, and a Service that never fits would cost that in each round.
/// </summary>
/// <param name="Missing">The run of places that was not found; null: another table was full.</param>
internal sealed record LeftOutService(CompiledService Compiled, PlanDiagnostic Diagnostic, MissingRun? Missing)
{
    /// <summary>
    /// Of the table of the diagnostic, when the draft had given all back, and with what was planned of the Service all the same; null
    /// before that is known.
    /// </summary>
    public int? InUse { get; init; }

    /// <summary>Its LoadBalancer addresses let in fewer than before.</summary>
    public bool IsNarrowed { get; private init; }

    public LeftOutService Narrowed() => this with
    {
        IsNarrowed = true,
        Diagnostic = Diagnostic with
        {
            Message = Diagnostic.Message + "; meanwhile its LoadBalancer addresses let in nobody whom its new source ranges do not",
        },
    };
}

/// <summary>A run of places that was not found.</summary>
/// <param name="MayUseReserve">See <see cref="RangeAllocator.TryTake(int, out uint, bool)"/>.</param>
internal readonly record struct MissingRun(SlotRange Range, bool MayUseReserve)
{
    public bool IsIn(RangeAllocator table) => table.CanTake((int)Range.Length, MayUseReserve);
}
