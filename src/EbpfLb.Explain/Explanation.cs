using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>What happens to a connection, and why.</summary>
/// <param name="Reason">One line.</param>
public sealed record Explanation(Flow Flow, Source Source, FlowVerdict Verdict, string Reason)
{
    /// <summary>What answers on the destination; null: nothing does. An unknown port of a ClusterIP has one without a port.</summary>
    public ServedFrontend? Frontend { get; init; }

    /// <summary>The service port; null without one, also for an unknown port of a ClusterIP.</summary>
    public CompiledPort? Port { get; init; }

    /// <summary>The Service that has the address; null when none does.</summary>
    public ObjectName? Service { get; init; }

    /// <summary>The device without a program that is the reason to pass; null: it is not that.</summary>
    public string? BareDevice { get; init; }

    /// <summary>The list in force, InCluster or InLocal; None when it did not come to that.</summary>
    public BackendLists List { get; init; }

    /// <summary>Why that list; "" when it did not come to that.</summary>
    public string ListReason { get; init; } = "";

    /// <summary>All that can be chosen, ordered by address; empty unless the verdict is Dnat.</summary>
    public ValueList<ChosenBackend> Backends { get; init; }

    /// <summary>Whether the source is changed and why, hairpins and backends of this node aside; "" unless the verdict is Dnat.</summary>
    public string MasqueradeReason { get; init; } = "";

    /// <summary>Whether XDP takes its packets; null: it is off, or nothing is known of it.</summary>
    public FrontAnswer? Front { get; init; }

    /// <summary>"default/web:http", "default/web:" when the port has no name; null without a service port.</summary>
    public string? ServiceText => Port is { } port ? $"{port.Key.Service}:{port.Key.PortName}" : null;
}

/// <summary>What becomes of a connection.</summary>
public enum FlowVerdict
{
    /// <summary>No frontend of ours: it goes on untouched.</summary>
    Pass,

    /// <summary>It goes to a backend.</summary>
    Dnat,

    /// <summary>Refused at once: a reset, or port unreachable.</summary>
    Reject,

    /// <summary>Dropped without a word.</summary>
    Drop,
}

/// <summary>A backend that the connection can go to.</summary>
/// <param name="Node">nodeName of its endpoint; null when that has none.</param>
/// <param name="Local">On this node.</param>
/// <param name="Masquerade">It sees an address of this node in place of the client's.</param>
public readonly record struct ChosenBackend(BackendAddress Address, string? Node, bool Local, bool Masquerade)
{
    /// <summary>The node's address, where packets go to it in a tunnel; null: they do not.</summary>
    public IpAddress? Tunnel { get; init; }

    /// <summary>
    /// This node keeps no conntrack entry of its flows, as long as nothing has changed at their place of the Maglev table
    /// (bpf/lib/lb_untracked.h).
    /// </summary>
    public bool HasNoEntry { get; init; }
}

/// <summary>An endpoint of the service port.</summary>
/// <param name="Node">nodeName; null when it has none.</param>
/// <param name="Chosen">It is in the list in force.</param>
/// <param name="Reason">Why, or why not.</param>
public readonly record struct Candidate(BackendAddress Address, string? Node, bool Chosen, string Reason);
