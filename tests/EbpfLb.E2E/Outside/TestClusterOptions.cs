namespace EbpfLb.E2E.Outside;

/// <summary>How a <see cref="TestCluster"/> differs from the usual one.</summary>
internal sealed record TestClusterOptions
{
    /// <summary>Further options of the agents.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];

    /// <summary>MTU between the router and each of the two nodes.</summary>
    public IReadOnlyList<int> Mtus { get; init; } = [1500, 1500];
}
