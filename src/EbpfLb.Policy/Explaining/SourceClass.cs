namespace EbpfLb.Policy.Explaining;

/// <summary>The kinds of source that the rules of traffic policies know (docs/contract.md 5.2).</summary>
public enum SourceClass
{
    /// <summary>By the detector; without one nobody is.</summary>
    Pod,

    /// <summary>An address of this node.</summary>
    Node,

    /// <summary>Anything else.</summary>
    Outside,
}
