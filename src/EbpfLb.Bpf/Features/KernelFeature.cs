namespace EbpfLb.Bpf;

/// <summary>Something that a kernel may or may not offer.</summary>
/// <param name="Name">Short name, stable: may be used in logs and metrics.</param>
/// <param name="IsAvailable">It works here, for this process.</param>
/// <param name="Reason">Why it is not available, with the error number; empty when it is.</param>
/// <param name="Lost">What does not work without it.</param>
public sealed record KernelFeature(string Name, bool IsAvailable, string Reason, string Lost)
{
    /// <summary>Whether this kernel has it is not known yet: it is neither there nor missing.</summary>
    public static KernelFeature Unknown(string name) => new(name, false, "", "") { IsKnown = false };

    /// <summary>It has been tried.</summary>
    public bool IsKnown { get; private init; } = true;

    /// <summary>It has been tried and does not work here.</summary>
    public bool IsMissing => IsKnown && !IsAvailable;
}
