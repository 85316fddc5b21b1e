namespace EbpfLb.Bpf;

/// <summary>How far a batch came: elements go in order, and the first failure ends it.</summary>
/// <param name="Done">Elements that were processed.</param>
/// <param name="Errno">Why element number <paramref name="Done"/> was not; None when all were.</param>
public readonly record struct BatchResult(int Done, Errno Errno)
{
    /// <summary>All elements were processed.</summary>
    public bool IsComplete => Errno == Errno.None;

    /// <summary>Throws when the batch did not complete.</summary>
    /// <param name="operation">Verb phrase for the message: "update map".</param>
    /// <param name="objectName">Name of the map.</param>
    public void ThrowIfPartial(string operation, string objectName)
    {
        if (!IsComplete)
            throw new BpfException(Errno, $"{operation} ({Done} elements went well)", objectName);
    }
}
