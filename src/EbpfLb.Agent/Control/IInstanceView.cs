namespace EbpfLb.Agent.Control;

/// <summary>What can be asked about an instance, whether of its running agent or of its pinned maps.</summary>
internal interface IInstanceView
{
    /// <summary>Said before any answer; null: nothing.</summary>
    string? Note => null;

    Task<StatusReport> StatusAsync(CancellationToken cancellationToken);

    /// <exception cref="UnknownServiceException">The query names what is not there.</exception>
    /// <exception cref="NotKnownYetException">The agent has no table yet.</exception>
    Task<ServicesReport> ServicesAsync(ServiceQuery query, CancellationToken cancellationToken);

    /// <inheritdoc cref="ServicesAsync"/>
    Task<BackendsReport> BackendsAsync(ServiceQuery query, CancellationToken cancellationToken);

    /// <summary>The configuration in force as JSON; null: only an agent knows it.</summary>
    Task<string?> ConfigAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Compares everything that can be compared.</summary>
    /// <param name="repair">False: only look.</param>
    Task<VerifyReport> VerifyAsync(bool repair, CancellationToken cancellationToken);

    /// <summary>Flows and drops.</summary>
    IFlowView Flows { get; }

    /// <summary>null: nobody is there who knows more than the maps hold.</summary>
    IExplainView? Explanations => null;

    /// <summary>null: only an agent drains.</summary>
    IDrainView? Drains => null;

    /// <summary>null: only an agent knows what it programmed.</summary>
    IHistoryView? History => null;

    /// <summary>null: only an agent has programs trace.</summary>
    ITraceView? Traces => null;
}
