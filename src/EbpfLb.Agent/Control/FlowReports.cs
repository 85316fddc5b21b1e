namespace EbpfLb.Agent.Control;

/// <summary>Which flows are meant, in the words of the command line; null: any.</summary>
/// <param name="Protocol">"tcp", "udp" or "sctp".</param>
/// <param name="Client">An address, prefix, address with port, or port alone.</param>
/// <param name="Service">"namespace/name", with ":port" for one port, or "#id".</param>
/// <param name="Phase">"new", "answered", "open", "closing", "closed" or "reset".</param>
/// <param name="IdleSeconds">Idle for longer than this.</param>
/// <param name="Limit">Most flows in the answer.</param>
internal sealed record FlowQuery(
    string? Protocol = null,
    string? Client = null,
    string? Frontend = null,
    string? Backend = null,
    string? Service = null,
    string? Phase = null,
    double? IdleSeconds = null,
    int Limit = FlowQuery.DefaultLimit)
{
    public const int DefaultLimit = 10_000;

    /// <summary>Nothing is asked for: every flow is meant.</summary>
    public bool IsEverything => this with { Limit = 0 } == new FlowQuery(Limit: 0);
}

/// <summary>One flow.</summary>
/// <param name="Snat">What the backend sees in the client's place; null: the client itself.</param>
/// <param name="Service">"namespace/name:port"; null when only the id is known.</param>
/// <param name="RequestDevice">Where requests leave; null: the stack decides.</param>
/// <param name="ReplyDevice">Where replies leave, which is where requests came in.</param>
/// <param name="Whole">Both entries of the flow are there.</param>
internal sealed record FlowRow(
    string Protocol,
    string Client,
    string Frontend,
    string Backend,
    string? Snat,
    string Phase,
    double IdleSeconds,
    string? Service,
    uint ServiceId,
    string? RequestDevice,
    string? ReplyDevice,
    bool Whole);

/// <param name="Origin">"agent" or "maps".</param>
/// <param name="Matching">Flows that match, also those beyond the limit.</param>
internal sealed record FlowsReport(string Origin, int Matching, IReadOnlyList<FlowRow> Flows);

/// <param name="Removed">Flows that went.</param>
internal sealed record FlushReport(string Origin, int Removed);

/// <summary>Flows that have a family, protocol and phase in common.</summary>
internal sealed record FlowGroup(string Family, string Protocol, string Phase, int Flows);

/// <summary>Flows of one service port.</summary>
internal sealed record ServiceFlows(string? Service, uint ServiceId, int Flows);

/// <param name="Services">Those with the most flows, at most ten.</param>
/// <param name="Maps">Entries as they are now; a flow takes two.</param>
internal sealed record FlowCountReport(
    string Origin, int Matching, IReadOnlyList<FlowGroup> Groups, IReadOnlyList<ServiceFlows> Services, IReadOnlyList<MapStatus> Maps);

/// <summary>One dropped packet.</summary>
/// <param name="Number">Since the agent started.</param>
/// <param name="Reason">As in the metrics.</param>
/// <param name="Meaning">The reason in words.</param>
/// <param name="Advice">What to do; null: nothing.</param>
internal sealed record DropRow(
    long Number,
    DateTimeOffset Time,
    string Reason,
    string Protocol,
    string Source,
    string Destination,
    string? Device,
    uint Length,
    string? Service,
    uint ServiceId,
    string Meaning,
    string? Advice);

/// <param name="Origin">"agent"; "maps" when no agent answered, as only agents keep drops.</param>
/// <param name="Last">Number of the last drop, to ask for those after it.</param>
internal sealed record DropsReport(string Origin, long Last, IReadOnlyList<DropRow> Drops)
{
    /// <summary>Why drops are not reported, so that having none says nothing; null: they are.</summary>
    public string? Problem { get; init; }
}

/// <summary>How often a reason was counted since the maps were made.</summary>
internal sealed record ReasonStatus(string Reason, ulong Packets, ulong Bytes, string Meaning, string? Advice)
{
    /// <summary>Of the packets, those since the agent started; null when no agent knows.</summary>
    public ulong? PacketsSinceStart { get; init; }
}
