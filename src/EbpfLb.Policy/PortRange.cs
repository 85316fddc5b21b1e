namespace EbpfLb.Policy;

/// <summary>A run of ports, both ends included.</summary>
public readonly record struct PortRange(ushort First, ushort Last)
{
    public int Count => Last - First + 1;

    public bool Contains(ushort port) => port >= First && port <= Last;

    /// <summary>The smallest range that holds both.</summary>
    public PortRange Cover(PortRange other) => new(Math.Min(First, other.First), Math.Max(Last, other.Last));

    /// <summary>"30000-32767".</summary>
    public override string ToString() => $"{First}-{Last}";
}
