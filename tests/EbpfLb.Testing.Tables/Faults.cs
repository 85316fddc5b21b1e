using EbpfLb.Planning.Tables;

namespace EbpfLb.Testing.Tables;

/// <summary>What a faulty table is asked to do.</summary>
public enum TableOperation
{
    Update,
    Delete,
    Write,
}

/// <summary>Decides which operations fail.</summary>
public interface IFaults
{
    /// <summary>Asked once before each operation on one entry; anything but None is its result, and the operation is not done.</summary>
    TableError Next(string table, TableOperation operation);
}

/// <summary>Lets a share of operations fail, with the errors that kernels give. A seeded Random makes a run repeatable.</summary>
/// <param name="percent">0 to 100; may be changed at any time.</param>
public sealed class RandomFaults(Random random, int percent) : IFaults
{
    private static readonly TableError[] Errors =
        [TableError.NotPermitted, TableError.TooBig, TableError.NoMemory, TableError.Busy, TableError.NoSpace];

    public int Percent { get; set; } = percent;

    public TableError Next(string table, TableOperation operation)
        => random.Next(100) < Percent ? Errors[random.Next(Errors.Length)] : TableError.None;
}
