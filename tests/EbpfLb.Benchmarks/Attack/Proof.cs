namespace EbpfLb.Benchmarks.Attack;

/// <summary>How one attack went.</summary>
/// <param name="Attack">What was sent.</param>
/// <param name="Means">What those who are attacked did meanwhile, and how it went.</param>
/// <param name="Counted">What the node counted.</param>
/// <param name="Held">Whether nobody lost anything.</param>
internal sealed record Proof(string Attack, string Means, string Counted, bool Held);
