namespace EbpfLb.Agent.Control;

/// <summary>What the kernel holds about a connection's frontend, and did with its first packet.</summary>
/// <param name="Entry">The frontend in the map; null when it is not there.</param>
/// <param name="Remembered">The backend that session affinity remembers for the client; null: none.</param>
/// <param name="Flows">Flows of the client to this frontend that are tracked.</param>
/// <param name="Packet">null: not run, or it could not be.</param>
/// <param name="NotRun">Why no packet was run; null: it was, or none has to be.</param>
/// <param name="NotReady">What the agent says is missing.</param>
/// <param name="Stale">Where the kernel does not hold what the agent's table says.</param>
internal sealed record KernelReport(
    KernelEntry? Entry, string? Remembered, IReadOnlyList<FlowRow> Flows, KernelPacket? Packet, string? NotRun,
    IReadOnlyList<string> NotReady, IReadOnlyList<string> Stale);

/// <param name="Cluster">Backends of the Cluster list.</param>
internal sealed record KernelEntry(
    uint ServiceId, string Kind, string Policy, uint AffinitySeconds, IReadOnlyList<string> Cluster, IReadOnlyList<string> Local,
    ulong Connections, ulong Active, ulong Datagrams, ulong Refused)
{
    /// <summary>"random", "lc".</summary>
    public string Scheduler { get; set; } = "";

    /// <summary>"10.1.0.1:80 weight 1, 3 open of 7 connections", where open connections decide; else none.</summary>
    public IReadOnlyList<string> Counts { get; set; } = [];

    /// <summary>
    /// Where the hash leads, when it is one of an address: "place 5 of 16, 10.1.0.1:80"; null: nothing of the kind decides.
    /// </summary>
    public string? Place { get; init; }
}

/// <param name="Device">That it was said to come in by.</param>
/// <param name="Outcome">"passed", "translated", "refused" or "dropped".</param>
/// <param name="Direct">It leaves by a device at once; else it goes on through the stack.</param>
/// <param name="Reasons">What the program counted, as in the metrics.</param>
internal sealed record KernelPacket(
    string Device, string Outcome, string Source, string Destination, bool Direct, IReadOnlyList<string> Reasons)
{
    /// <summary>The node that it goes to in a tunnel, with its ends as they are; null: in none.</summary>
    public string? Tunnel { get; init; }
}
