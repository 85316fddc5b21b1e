namespace EbpfLb.Fuzz;

/// <summary>A parser, what it is given, and what must be true of what it makes of it.</summary>
internal abstract class FuzzTarget
{
    public abstract string Name { get; }

    /// <summary>Inputs that are good; others are made from them.</summary>
    public abstract IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>Values that mean something in the fields of this input, beside those that mean something anywhere.</summary>
    public virtual IReadOnlyList<string> Words => [];

    /// <summary>Bytes that may be allocated for an input, beside a share for each of its own.</summary>
    public virtual long MostAllocated => 64 << 20;

    /// <summary>Longer inputs are cut: what is wrong shows in small ones too, and more of them are tried in the same time.</summary>
    public virtual int Longest => 24 << 10;

    /// <summary>
    /// Parses one input. null: it was read, or refused as the parser says it refuses. An exception is a finding, as is a text.
    /// </summary>
    /// <param name="random">Of this input; decides on sizes of pieces and the like.</param>
    public abstract string? Try(byte[] input, Random random, FuzzReport report);
}
