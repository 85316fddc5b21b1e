namespace EbpfLb.Policy.Explaining;

/// <summary>An endpoint of the service port.</summary>
/// <param name="Node">nodeName; null when it has none.</param>
/// <param name="Chosen">It is in the list in force.</param>
/// <param name="Reason">Why, or why not.</param>
public readonly record struct Candidate(BackendAddress Address, string? Node, bool Chosen, string Reason);
