namespace EbpfLb.Planning.Encoding;

/// <summary>A run of entries in lb_slots; the empty one is default.</summary>
public readonly record struct SlotRange(uint First, uint Count)
{
    public override string ToString() => Count == 0 ? "none" : $"{First}..{First + Count - 1}";
}
