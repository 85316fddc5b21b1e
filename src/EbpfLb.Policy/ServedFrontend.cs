namespace EbpfLb.Policy;

/// <summary>A frontend with the rules that hold for it.</summary>
/// <param name="Frontend">A NodePort has the address 0.0.0.0 or ::, it answers on the node's own addresses.</param>
/// <param name="LocalPolicy">The traffic policy that governs this frontend is Local (docs/contract.md 5.1).</param>
public readonly record struct ServedFrontend(Frontend Frontend, FrontendKind Kind, bool LocalPolicy)
{
    /// <summary>A ClusterIP that a device of this node has: what listens there answers, and nothing is translated.</summary>
    public bool IsOnDevice { get; init; }

    /// <summary>"NodePort 0.0.0.0:30080/TCP (Local)".</summary>
    public override string ToString() => $"{Kind} {Frontend}{(LocalPolicy ? " (Local)" : "")}{(IsOnDevice ? " (on a device)" : "")}";
}
