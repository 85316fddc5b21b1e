namespace EbpfLb.Planning.Tables;

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
