namespace EbpfLb.Datapath.Counters;

/// <summary>How full a table is.</summary>
/// <param name="Option">The option that enlarges it; empty: there is none.</param>
public sealed record MapFill(string Map, long Used, long Capacity, string Option);
