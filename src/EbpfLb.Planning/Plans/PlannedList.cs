using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Scheduling;

namespace EbpfLb.Planning.Plans;

/// <summary>One of the two lists of a planned port.</summary>
/// <param name="Ids">What is to be written to its places; nothing where that is there.</param>
/// <param name="Range">Where it is, or is to be.</param>
/// <param name="IsNew">The range was taken for this plan.</param>
internal readonly record struct PlannedList(uint[] Ids, SlotRange Range, bool IsNew)
{
    /// <summary>It is written over the one that is there: each place has its old or its new backend meanwhile.</summary>
    public bool IsInPlace { get; init; }

    /// <summary>Its places are to be written.</summary>
    public bool IsWritten => IsNew || IsInPlace;

    /// <summary>Who was at each place before; null: nobody at any.</summary>
    public MaglevPast? Past { get; init; }

    public static PlannedList Empty { get; } = new([], default, false);
}
