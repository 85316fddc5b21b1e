namespace EbpfLb.E2E.Outside;

/// <summary>How a <see cref="TestCluster"/> differs from the usual one.</summary>
internal sealed record TestClusterOptions
{
    /// <summary>Further options of the agents.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];

    /// <summary>The configuration file of the agents.</summary>
    public string? Config { get; init; }

    /// <summary>The uplink of the first node is a port of a bridge, br0, which has the node's addresses.</summary>
    public bool IsBridged { get; init; }

    /// <summary>Pods of other nodes are reached by a vxlan tunnel with this MTU; null: directly.</summary>
    public int? TunnelMtu { get; init; }
}
