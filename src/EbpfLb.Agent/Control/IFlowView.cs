namespace EbpfLb.Agent.Control;

/// <summary>What can be asked about flows and drops, whether of the running agent or of the pinned maps.</summary>
internal interface IFlowView
{
    /// <exception cref="FormatException">The query names what is not there; the message is for people.</exception>
    Task<FlowsReport> ListAsync(FlowQuery query, CancellationToken cancellationToken);

    Task<FlowCountReport> CountAsync(FlowQuery query, CancellationToken cancellationToken);

    /// <summary>Removes the flows that match. Their clients' next packets begin new ones.</summary>
    Task<FlushReport> FlushAsync(FlowQuery query, CancellationToken cancellationToken);

    /// <summary>Drops after a number; waits up to that long for one.</summary>
    Task<DropsReport> DropsAsync(long after, TimeSpan wait, CancellationToken cancellationToken);
}
