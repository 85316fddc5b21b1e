using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests;

/// <summary>Faults by a function, which may also just look.</summary>
internal sealed class Hook : IFaults
{
    public Func<string, TableOperation, TableError> Before { get; set; } = (_, _) => TableError.None;

    /// <summary>Operations asked for so far.</summary>
    public int Count { get; private set; }

    public TableError Next(string table, TableOperation operation)
    {
        Count++;
        return Before(table, operation);
    }
}
