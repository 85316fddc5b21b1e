namespace EbpfLb.Agent.Control;

/// <summary>What was programmed, and when.</summary>
internal interface IHistoryView
{
    /// <summary>What is kept and matches; with a wait, as soon as something new does or the time is over.</summary>
    Task<HistoryReport> ReadAsync(HistoryQuery query, CancellationToken cancellationToken);
}

/// <summary>Which plans are meant.</summary>
/// <param name="After">Only those with a larger number; 0: all.</param>
/// <param name="SinceSeconds">Only those that ended within so many seconds; null: any.</param>
/// <param name="Namespace">Only those that changed a Service of this namespace; null: any.</param>
/// <param name="Name">Only those that changed a Service of this name; null: any.</param>
internal sealed record HistoryQuery(
    long After = 0, double? SinceSeconds = null, string? Namespace = null, string? Name = null, double WaitSeconds = 0)
{
    public bool HasService => Namespace is not null || Name is not null;

    /// <param name="service">"namespace/name".</param>
    public bool IsOf(string service)
    {
        var slash = service.IndexOf('/', StringComparison.Ordinal);
        return (Namespace is null || service.AsSpan(0, Math.Max(slash, 0)).SequenceEqual(Namespace))
            && (Name is null || service.AsSpan(slash + 1).SequenceEqual(Name));
    }
}

/// <summary>The answer of `ebpflb history`. Its JSON form is an interface: names are added, never changed.</summary>
/// <param name="Plans">Oldest first.</param>
/// <param name="Last">The number of the last plan that is kept, whether it matches or not; 0: none is.</param>
internal sealed record HistoryReport(string Origin, IReadOnlyList<PlanRow> Plans, long Last)
{
    /// <summary>When the agent started that answers.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>How many older plans were dropped, as there is no more room.</summary>
    public long Dropped { get; init; }

    /// <summary>What is wrong with the file that plans of the agent before are in; null: nothing.</summary>
    public string? Problem { get; init; }
}

/// <summary>One plan that was carried out, or that the kernel refused in part.</summary>
/// <param name="Number">Counts plans, also across restarts of the agent.</param>
/// <param name="Time">When it was in the kernel.</param>
/// <param name="Cause">
/// "start": the first of an agent; "source": a change of the cluster; "retry": what failed before was tried again; "request": the node's
/// network, a drain or a repair.
/// </param>
/// <param name="Programmed">Everything was; false: see <see cref="Failures"/>.</param>
/// <param name="Milliseconds">From the arrival of the change at the agent until it was in the kernel.</param>
/// <param name="Services">How many there were altogether.</param>
/// <param name="Operations">Map operations.</param>
internal sealed record PlanRow(
    long Number, DateTimeOffset Time, string Cause, bool Programmed, double Milliseconds, int Services, int Operations)
{
    /// <summary>Services that the plan added, and so on.</summary>
    public int Added { get; init; }

    public int Removed { get; init; }

    public int Changed { get; init; }

    /// <summary>The first of these Services by name.</summary>
    public IReadOnlyList<ServiceChange> Changes { get; set; } = [];

    /// <summary>How many more there are.</summary>
    public int NotListed { get; init; }

    /// <summary>What was refused, and why; the first ones.</summary>
    public IReadOnlyList<string> Failures { get; set; } = [];

    public int FailuresNotListed { get; init; }

    /// <summary>How often the same failed again.</summary>
    public int Repeated { get; init; }

    /// <summary>When it did the last time; null: it did not.</summary>
    public DateTimeOffset? RepeatedAt { get; init; }

    /// <summary>
    /// Of the first plan of an agent: plans of the agent before may be missing in front of it, as that one did not end in order.
    /// </summary>
    public bool PlansMissing { get; init; }
}

/// <summary>What a plan changed of a Service.</summary>
/// <param name="Service">"namespace/name".</param>
/// <param name="Change">"added", "removed", "changed", or "retried": programmed now, after it had failed.</param>
/// <param name="What">"type ClusterIP -> NodePort", "port +https/TCP".</param>
internal sealed record ServiceChange(string Service, string Change, IReadOnlyList<string> What)
{
    /// <summary>null: no backend of ports that were there before became another.</summary>
    public BackendChanges? Backends { get; init; }

    /// <summary>Why it is not programmed as it should be; null: it is.</summary>
    public string? Failed { get; init; }
}

/// <summary>Backends of a Service that became others, each counted once for each service port.</summary>
/// <param name="Ready">Were endpoints before, and became ready.</param>
/// <param name="NotReady">Are endpoints still, and are not ready any more.</param>
/// <param name="Chosen">Used now, as traffic policy, topology hints or weight say so.</param>
/// <param name="NotChosen">Not used any more for one of these reasons.</param>
/// <param name="Changed">Of another weight, node or list.</param>
internal sealed record BackendChanges(
    int Added, int Removed, int Ready, int NotReady, int Terminating, int Drained, int Undrained, int Chosen, int NotChosen, int Changed)
{
    /// <summary>The first of them: "+10.1.0.5:8080", "-10.1.0.5:8080", "terminating 10.1.0.5:8080".</summary>
    public IReadOnlyList<string> Names { get; set; } = [];
}
