using EbpfLb.Planning.Encoding;

namespace EbpfLb.Planning.Apply;

/// <summary>
/// Ids, ranges and sources that no entry names any more, but that a program which began earlier may still hold. They stay taken until
/// the batch is retired.
/// </summary>
public sealed class RetireBatch
{
    internal List<uint> Backends { get; } = [];

    internal List<SlotRange> Ranges { get; } = [];

    internal List<uint> Services { get; } = [];

    internal List<SourceKey> Sources { get; } = [];

    public bool IsEmpty => Backends.Count == 0 && Ranges.Count == 0 && Services.Count == 0 && Sources.Count == 0;

    public int BackendCount => Backends.Count;

    public int ServiceCount => Services.Count;

    /// <summary>Source ranges.</summary>
    public int SourceCount => Sources.Count;

    /// <summary>Slots, without what rounding up adds.</summary>
    public int SlotCount => Ranges.Sum(r => (int)r.Count);

    /// <summary>All of it together.</summary>
    public int ElementCount => Backends.Count + Ranges.Count + Services.Count + Sources.Count;

    /// <summary>
    /// Why something is still here after it should have been retired; null: it was not tried, or waits for something else only.
    /// </summary>
    public string? Problem { get; private set; }

    /// <summary>An exception nobody reckoned with.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Takes the ranges out, which wait for nothing but the grace period: a batch of their own.</summary>
    public RetireBatch TakeRanges()
    {
        var taken = new RetireBatch();
        taken.Ranges.AddRange(Ranges);
        Ranges.Clear();
        return taken;
    }

    internal void RecordProblem(string problem) => Problem ??= problem;

    internal void RecordFault(Exception fault)
    {
        Fault ??= fault;
        Problem ??= $"{fault.GetType().Name}: {fault.Message}";
    }

    internal void AddRange(RetireBatch other)
    {
        Backends.AddRange(other.Backends);
        Ranges.AddRange(other.Ranges);
        Services.AddRange(other.Services);
        Sources.AddRange(other.Sources);
    }
}
