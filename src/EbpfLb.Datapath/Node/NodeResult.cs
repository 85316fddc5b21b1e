using EbpfLb.Model;

namespace EbpfLb.Datapath.Node;

/// <summary>What became of a node's state.</summary>
/// <param name="Written">Entries added or changed.</param>
/// <param name="Removed">Entries removed.</param>
/// <param name="Problems">Each names its object and field, and says what to do. A state that is wrong in itself changes nothing.</param>
public sealed record NodeResult(int Written, int Removed, ValueList<string> Problems)
{
    /// <summary>The kernel holds the state; when false, apply it again when what the problems name is repaired.</summary>
    public bool IsComplete => Problems.IsEmpty;

    /// <summary>Of two parts.</summary>
    public NodeResult And(NodeResult other) => new(Written + other.Written, Removed + other.Removed, [.. Problems, .. other.Problems]);
}
