namespace EbpfLb.Agent.Control;

/// <summary>Which traces are meant; null parts: any.</summary>
/// <param name="Service">As <see cref="ServiceQuery.Parse"/> takes it.</param>
internal sealed record TraceFilter(string? Namespace = null, string? Service = null)
{
    public bool IsEveryService => Namespace is null && Service is null;

    /// <param name="service">"namespace/name:port"; null: not known.</param>
    public bool MeansService(string? service, uint id)
        => (Namespace is null || new ServiceQuery(Namespace).Means(service, id))
            && (Service is null || ServiceQuery.Parse(Service).Means(service, id));
}

/// <param name="After">Those after this number; null: none, only from where on there will be.</param>
/// <param name="WaitSeconds">Longest that one is waited for.</param>
internal sealed record TraceQuery(TraceFilter Filter, long? After = null, double WaitSeconds = 0);

/// <summary>The begin or end of a flow.</summary>
/// <param name="Number">Since the agent started.</param>
/// <param name="Event">"opened", "untracked", "connected", "sent", "closed", "reset" or "resumed".</param>
/// <param name="Hook">Where: "tc", "xdp", "connect", "sendmsg" or "close"; null: not known.</param>
/// <param name="Client">null: not known, as of a socket that has no address yet; port 0: that is not.</param>
/// <param name="Snat">What the backend sees in the client's place; null: the client itself.</param>
/// <param name="ToNode">Where the tunnel ends that its packets go in; null: in none.</param>
/// <param name="FromNode">Who has sent the packet here in a tunnel; null: it came in none.</param>
/// <param name="Device">Where the packet came in; null: a socket's.</param>
/// <param name="Process">Of sockets: the name of the process that called.</param>
/// <param name="Socket">Its cookie, the same in all that is told of a socket.</param>
internal sealed record TraceRow(
    long Number,
    DateTimeOffset Time,
    string Event,
    string? Hook,
    string Protocol,
    string? Client,
    string Frontend,
    string Backend,
    string? Snat,
    string? ToNode,
    string? FromNode,
    string? Device,
    string? Process,
    int? Pid,
    ulong? Socket,
    string? Service,
    uint ServiceId);

/// <param name="Last">Number of the last trace, to ask for those after it.</param>
/// <param name="Lost">Traces for which programs had no room, since the maps were made.</param>
/// <param name="Forgotten">Of those after the number that was asked for, how many are not kept any more.</param>
internal sealed record TracesReport(long Last, long Lost, long Forgotten, IReadOnlyList<TraceRow> Traces);
