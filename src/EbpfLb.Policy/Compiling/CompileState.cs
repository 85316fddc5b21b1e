using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Policy.Conflicts;

namespace EbpfLb.Policy.Compiling;

/// <summary>One object of the snapshot, and what it would do if it were alone.</summary>
internal readonly record struct CompiledSource(ServiceEntry Entry, CompiledService Wanted);

/// <summary>What stays between two compilations.</summary>
/// <param name="Options">null in the empty table, as is <paramref name="Node"/>.</param>
/// <param name="Sources">In the order in which the snapshot enumerates: the next one is compared by walking both.</param>
/// <param name="Diagnostics">Only Services that have some.</param>
internal sealed record CompileState(
    PolicyOptions? Options,
    NodeFacts? Node,
    CompiledSource[] Sources,
    FrontendClaims Claims,
    ImmutableSortedDictionary<ObjectName, ValueList<PolicyDiagnostic>> Diagnostics)
{
    public static CompileState None { get; } = new(
        null, null, [], FrontendClaims.None, ImmutableSortedDictionary<ObjectName, ValueList<PolicyDiagnostic>>.Empty);
}
