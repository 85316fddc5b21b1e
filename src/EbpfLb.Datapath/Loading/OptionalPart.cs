namespace EbpfLb.Datapath.Loading;

/// <summary>What became of a program that the agent can do without.</summary>
/// <param name="Value">null: the kernel refused it.</param>
/// <param name="Refusal">What the kernel answered, in one line; empty when it took it.</param>
internal sealed record OptionalPart<T>(T? Value, string Refusal)
    where T : class;
