using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Services;

/// <summary>One object that could not be brought into the kernel.</summary>
/// <param name="Service">null when the failure is not one of a Service.</param>
/// <param name="Message">What happened and what to do about it.</param>
public sealed record ObjectFailure(ObjectName? Service, string Message)
{
    /// <summary>The table that did not take it, as the kernel shows it; null: no table is at fault.</summary>
    public string? Table { get; init; }

    /// <summary>What the kernel answered; null: it was not asked, as the table is known to be full.</summary>
    public TableError? Error { get; init; }

    public FailureReason Reason { get; init; }

    /// <summary>
    /// One Service does not fit, and nothing else is wrong: all that fits is in force. Whoever may make a Service can make one that is too
    /// large, so this says nothing about the node.
    /// </summary>
    public bool LacksRoom => Service is not null && Reason is (FailureReason.Full or FailureReason.NotGivenBack);

    public override string ToString() => Service is { } service ? $"Service {service}: {Message}" : Message;
}

/// <param name="Operations">Map operations that were carried out.</param>
public sealed record ApplyOutcome(int Operations, IReadOnlyList<ObjectFailure> Failures)
{
    /// <inheritdoc cref="ApplyResult.WriteTime"/>
    public TimeSpan WriteTime { get; init; }

    /// <summary>Protocols of the service ports that lost backends altogether.</summary>
    public IReadOnlySet<TransportProtocol> LostBackends { get; init; } = new HashSet<TransportProtocol>();

    /// <summary>Protocols of the frontends that were none before, or led nowhere, and have backends now.</summary>
    public IReadOnlySet<TransportProtocol> OpenedFrontends { get; init; } = new HashSet<TransportProtocol>();

    internal static ApplyOutcome Of(ApplyResult result) => new(result.Counts.Total,
    [
        .. result.Failures.Select(f => new ObjectFailure(f.Service, f.Message) { Table = f.Table, Error = f.Error, Reason = f.Reason }),
        .. result.LeftOut.Select(d => new ObjectFailure(d.Service, d.Message) { Table = d.Table, Reason = d.Reason }),
    ]) { LostBackends = result.LostBackends, OpenedFrontends = result.OpenedFrontends, WriteTime = result.WriteTime };
}
