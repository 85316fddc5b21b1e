using EbpfLb.Planning.Encoding;

namespace EbpfLb.Planning.Plans;

/// <summary>One of the two lists of a planned port.</summary>
/// <param name="Ids">Of the backends in it, ordered by address.</param>
/// <param name="Range">Where it is, or is to be.</param>
/// <param name="IsNew">The range was taken for this plan.</param>
internal readonly record struct PlannedList(uint[] Ids, SlotRange Range, bool IsNew)
{
    public static PlannedList Empty { get; } = new([], default, false);
}
