namespace EbpfLb.Bpf;

/// <summary>Something that a kernel may or may not offer.</summary>
/// <param name="Name">Short name, stable: may be used in logs and metrics.</param>
/// <param name="IsAvailable">It works here, for this process.</param>
/// <param name="Reason">Why it is not available, with the error number; empty when it is.</param>
/// <param name="Lost">What does not work without it.</param>
public sealed record KernelFeature(string Name, bool IsAvailable, string Reason, string Lost);
