using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Policy.Compiler;
using EbpfLb.Policy.Conflicts;

namespace EbpfLb.Policy;

/// <summary>
/// What every frontend of this node does. Immutable; a service that does the same as in the table before has the same
/// <see cref="CompiledService"/> reference. A Service that is not for this proxy is in it without ports.
/// </summary>
public sealed class ForwardingTable
{
    internal ForwardingTable(
        PersistentDictionary<ObjectName, CompiledService> byName,
        CompileState state,
        ImmutableArray<PolicyDiagnostic> diagnostics,
        ValueList<SourceRange> serviceCidrs)
    {
        ServiceCidrs = serviceCidrs;
        ByName = byName;
        State = state;
        Diagnostics = diagnostics;
    }

    /// <summary>A table without any service, not even the canary: planning it empties the kernel's tables.</summary>
    public static ForwardingTable Empty { get; } = new(
        PersistentDictionary.Empty<ObjectName, CompiledService>(), CompileState.None, [], []);

    /// <summary>Ordered by name; the canary comes first.</summary>
    public IEnumerable<CompiledService> Services => ByName.Values;

    /// <summary>How many <see cref="Services"/> there are.</summary>
    public int Count => ByName.Count;

    /// <summary><see cref="Services"/>, ordered by name.</summary>
    public PersistentDictionary<ObjectName, CompiledService> ByName { get; }

    /// <summary>What could not be done as written, ordered by object.</summary>
    public ImmutableArray<PolicyDiagnostic> Diagnostics { get; }

    /// <summary>Addresses that only Services have, ordered: what asks one that none has is dropped (docs/contract.md 8).</summary>
    public ValueList<SourceRange> ServiceCidrs { get; }

    /// <summary>What the compiler needs to make the next table from this one.</summary>
    internal CompileState State { get; }

    /// <summary>The service of that name, null when there is none. O(log n).</summary>
    public CompiledService? Find(ObjectName name) => ByName.Find(name);

    /// <summary>The services that differ from another table, ordered by name; it costs what differs, not the size of the tables.</summary>
    public IReadOnlyList<MapDifference<ObjectName, CompiledService>> DifferencesFrom(ForwardingTable before)
        => ByName.DifferencesFrom(before.ByName);

    /// <summary>Tables of its first services, so many more each time, and at last this table itself.</summary>
    /// <param name="step">At least 1.</param>
    public IEnumerable<ForwardingTable> Growing(int step) => ByName.Growing(step).Select(part
        => ReferenceEquals(part, ByName) ? this : new ForwardingTable(part, State, Diagnostics, ServiceCidrs));

    /// <summary>The Service that answers on the frontend, null when none does.</summary>
    public ObjectName? OwnerOf(Frontend frontend) => State.Claims.OwnerOf(frontend);
}

/// <summary>Something in an object that could not be done as written.</summary>
/// <param name="Field">Path inside the object, such as "spec.ports[1]".</param>
/// <param name="Message">What is wrong and what to do about it.</param>
public sealed record PolicyDiagnostic(ObjectName Object, string Field, string Message)
{
    public override string ToString() => $"Service {Object}, {Field}: {Message}";
}
