using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning;

/// <summary>Why a Service is not as its table wants it; the names are labels of metrics.</summary>
public enum FailureReason
{
    /// <summary>A fault of ours or of the kernel as a whole.</summary>
    Fault,

    /// <summary>A table has no room: a larger one helps.</summary>
    Full,

    /// <summary>A table has no room because ids of what is gone could not be given back yet: a larger one would not help.</summary>
    NotGivenBack,

    NoMemory,
    NotPermitted,

    /// <summary>Any other error of the kernel.</summary>
    Refused,
}

public static class FailureReasons
{
    /// <summary>What an operation on a table that ended so comes to.</summary>
    public static FailureReason Of(TableError error) => error switch
    {
        TableError.TooBig or TableError.NoSpace => FailureReason.Full,
        TableError.NoMemory => FailureReason.NoMemory,
        TableError.NotPermitted => FailureReason.NotPermitted,
        _ => FailureReason.Refused,
    };
}
