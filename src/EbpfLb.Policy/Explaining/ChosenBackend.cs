namespace EbpfLb.Policy.Explaining;

/// <summary>A backend that the connection can go to.</summary>
/// <param name="Node">nodeName of its endpoint; null when that has none.</param>
/// <param name="Local">On this node.</param>
/// <param name="Masquerade">It sees an address of this node in place of the client's.</param>
public readonly record struct ChosenBackend(BackendAddress Address, string? Node, bool Local, bool Masquerade);
