using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Policy.Conflicts;

namespace EbpfLb.Policy.Compiler;

/// <summary>What stays between two compilations.</summary>
/// <param name="Options">null in the empty table, as is <paramref name="Node"/>.</param>
/// <param name="Sources">The objects of the snapshot.</param>
/// <param name="Unresolved">What Services would do if they were alone, of those that do something else in the table.</param>
/// <param name="Foreign">ClusterIPs of Services that another proxy serves.</param>
/// <param name="Diagnostics">Only Services that have some.</param>
internal sealed record CompileState(
    PolicyOptions? Options,
    NodeFacts? Node,
    NodeNetwork Network,
    PersistentDictionary<ObjectName, ServiceEntry> Sources,
    PersistentDictionary<ObjectName, CompiledService> Unresolved,
    FrontendClaims Claims,
    ImmutableDictionary<ObjectName, ValueList<IpAddress>> Foreign,
    ImmutableSortedDictionary<ObjectName, ValueList<PolicyDiagnostic>> Diagnostics)
{
    public static CompileState None { get; } = new(
        null, null, NodeNetwork.None, PersistentDictionary.Empty<ObjectName, ServiceEntry>(),
        PersistentDictionary.Empty<ObjectName, CompiledService>(), FrontendClaims.None,
        ImmutableDictionary<ObjectName, ValueList<IpAddress>>.Empty,
        ImmutableSortedDictionary<ObjectName, ValueList<PolicyDiagnostic>>.Empty);
}
