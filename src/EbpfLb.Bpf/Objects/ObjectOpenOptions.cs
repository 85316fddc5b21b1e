namespace EbpfLb.Bpf;

/// <summary>How an object is opened.</summary>
/// <param name="Name">Name for messages; the first characters become the prefix of internal maps (".rodata").</param>
/// <param name="Logger">Takes every line that libbpf logs while it works on this object; null: warnings are kept for exceptions only.</param>
public sealed record ObjectOpenOptions(string Name = "bpf", BpfLogger? Logger = null);
