namespace EbpfLb.Planning.Tables;

/// <summary>
/// How an operation on a table ended; the values are errno numbers, so a kernel error can be cast, also one without a
/// name here. Faults that a busy machine produces are results and no exceptions: a plan goes on with the other services.
/// </summary>
public enum TableError
{
    None = 0,
    NotPermitted = 1,
    NotFound = 2,

    /// <summary>E2BIG: a hash table is full.</summary>
    TooBig = 7,
    NoMemory = 12,
    Busy = 16,
    Invalid = 22,

    /// <summary>ENOSPC: an LRU or LPM table is full.</summary>
    NoSpace = 28,
}

public static class TableErrors
{
    /// <summary>What the kernel answered, for people; the rest of the sentence says what to do.</summary>
    public static string Words(this TableError error) => error switch
    {
        TableError.TooBig => "the table is full (E2BIG)",
        TableError.NoSpace => "the table is full (ENOSPC)",
        TableError.NoMemory => "the kernel has no memory for it (ENOMEM)",
        TableError.NotPermitted => "the kernel does not permit it (EPERM)",
        _ => $"{error} (errno {(int)error})",
    };
}
