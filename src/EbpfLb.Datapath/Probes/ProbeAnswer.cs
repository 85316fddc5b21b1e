using EbpfLb.Datapath.Counters;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Probes;

/// <summary>What the real program did with a packet that only we have seen.</summary>
/// <param name="Source">Of the packet afterwards; of the answer when it was refused.</param>
/// <param name="Destination">The same.</param>
/// <param name="IsDirect">It leaves by a device at once; else it goes on through the stack.</param>
/// <param name="Reasons">What the program counted.</param>
public sealed record ProbeAnswer(
    ProbeOutcome Outcome, BackendAddress Source, BackendAddress Destination, bool IsDirect, IReadOnlyList<ReasonCount> Reasons)
{
    /// <summary>
    /// The node that it goes to in a tunnel, and which chooses the backend: the ends are those of the packet in it. null: in none.
    /// </summary>
    public IpAddress? Tunnel { get; init; }
}

/// <summary>What the program made of a packet.</summary>
public enum ProbeOutcome
{
    /// <summary>It goes on as it came.</summary>
    Passed,

    /// <summary>It goes to a backend.</summary>
    Translated,

    /// <summary>Its sender gets a reset or port unreachable.</summary>
    Refused,

    Dropped,
}
