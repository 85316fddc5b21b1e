using EbpfLb.Http.Metrics;

namespace EbpfLb.Http.Page;

/// <summary>What stands above every view.</summary>
/// <param name="Reasons">Why it is not ready: how many reasons.</param>
public sealed record PageHead(string Instance, string Node, string Version, bool IsReady, int Reasons, DateTimeOffset Now);

/// <summary>The agent and its kernel side, as `ebpflb status` has it.</summary>
public sealed record PageStatus
{
    public required DateTimeOffset Started { get; init; }

    public IReadOnlyList<string> NotReady { get; init; } = [];

    /// <summary>null: there is no source.</summary>
    public PageSource? Source { get; init; }

    /// <summary>null: not checked yet.</summary>
    public PageCheck? Canary { get; init; }

    public PageRound? LastRound { get; init; }

    /// <summary>null: not compared yet since the agent started.</summary>
    public PageVerify? LastVerify { get; init; }

    /// <summary>null: not known.</summary>
    public int? ServicesNotProgrammed { get; init; }

    public IReadOnlyList<string> Failures { get; init; } = [];

    public IReadOnlyList<string> Problems { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public IReadOnlyList<PageFeature> Features { get; init; } = [];

    public IReadOnlyList<PageMap> Maps { get; init; } = [];

    public IReadOnlyList<PageReason> Reasons { get; init; } = [];

    public IReadOnlyList<PageHook> Hooks { get; init; } = [];

    public IReadOnlyList<PageDevice> Devices { get; init; } = [];
}

/// <param name="ContactAge">Since it was last known to be up to date; null: never.</param>
public sealed record PageSource(string Description, bool IsSynced, TimeSpan? ContactAge, string? Error);

public sealed record PageCheck(bool IsOk, string? Problem, DateTimeOffset? At);

/// <param name="RetryIn">null: no retry is needed.</param>
public sealed record PageRound(long Snapshot, DateTimeOffset At, int Services, int Operations, int Failed, TimeSpan? RetryIn);

/// <param name="IsComplete">Everything was compared that can be.</param>
public sealed record PageVerify(DateTimeOffset At, long Compared, int Differences, int Repaired, bool IsComplete);

/// <param name="IsAvailable">null: not known yet.</param>
public sealed record PageFeature(string Name, bool? IsAvailable, string? Lost);

public sealed record PageMap(string Name, long Entries, long Capacity);

/// <summary>How often packets ended for a reason that is worth a look.</summary>
/// <param name="SinceStart">Since the agent started; null: not known.</param>
public sealed record PageReason(string Reason, ulong Packets, ulong? SinceStart, string Meaning, string? Advice);

public sealed record PageHook(string Hook, string Cgroup, uint Link, uint Program);

/// <param name="Programs">Ids of the programs at ingress and egress; 0: none.</param>
/// <param name="Xdp">"driver 17"; null: it has no program in front of the stack.</param>
/// <param name="Why">The reason of the role, and what is wrong.</param>
public sealed record PageDevice(string Name, string Role, string? Method, (uint In, uint Out) Programs, string? Xdp, string Why)
{
    /// <summary>It lacks a program that it should have.</summary>
    public bool IsBad { get; init; }
}

/// <summary>What stands first in a list of Services.</summary>
public enum ServiceOrder
{
    Rate,
    Name,
    Refused,
    Drops,
    Bytes,
}

/// <param name="Text">Part of "namespace/name"; empty: all.</param>
/// <param name="First">How many to leave out before.</param>
public sealed record ServiceSearch(string Text, ServiceOrder Order, int First, int Most);

/// <param name="Matching">Services that match, also those that are not in <paramref name="Lines"/>.</param>
/// <param name="First">Number of the first line, from 0; no more than there are.</param>
/// <param name="IsMeasured">Rates are known; false: the second reading of the counters is still to come.</param>
public sealed record ServiceList(int All, int Matching, int First, bool IsMeasured, IReadOnlyList<ServiceLine> Lines)
{
    /// <summary>False: the agent has programmed nothing since it started, so that an empty list says nothing.</summary>
    public bool IsKnown { get; init; } = true;

    /// <summary>Packets and bytes are counted.</summary>
    public bool CountsTraffic { get; init; }
}

/// <summary>A Service in the list.</summary>
/// <param name="Name">"namespace/name".</param>
/// <param name="Type">null: its object is not known.</param>
/// <param name="Ports">"80/TCP", "80:30080/TCP".</param>
/// <param name="Ready">Endpoints that are ready, of the family that has more of them; null: not known.</param>
public sealed record ServiceLine(string Name, string? Type, IReadOnlyList<string> Ports, int? Ready, int? Endpoints)
{
    /// <summary>New connections a second; null: not measured yet.</summary>
    public double? Rate { get; init; }

    /// <summary>The rates before, oldest first; NaN: not measured.</summary>
    public IReadOnlyList<float> History { get; init; } = [];

    /// <summary>Packets and bytes a second; null: not counted, or not measured yet.</summary>
    public PageTraffic? Traffic { get; init; }

    /// <summary>Connections and datagrams a second that were refused.</summary>
    public double? RefusedRate { get; init; }

    /// <summary>Of the drops that the agent keeps; null: drops are not reported.</summary>
    public int? Drops { get; init; }
}

/// <summary>A Service on a page of its own.</summary>
/// <param name="Flows">null: not asked for, or they could not be read, see <paramref name="FlowsProblem"/>.</param>
public sealed record ServiceDetail(
    ServiceLine Line, IReadOnlyList<PageFrontend> Frontends, IReadOnlyList<PageBackend> Backends, PageFlows? Flows, string? FlowsProblem,
    IReadOnlyList<PageDrop>? Drops)
{
    /// <summary>How often the rates were measured.</summary>
    public TimeSpan Period { get; init; }

    public string? Scheduler { get; init; }

    /// <summary>What was counted since the service ports have their ids; null: packets and bytes are not counted.</summary>
    public IReadOnlyList<PagePortTraffic>? Traffic { get; init; }
}

/// <summary>Packets and bytes that passed the programs at the devices, a second.</summary>
/// <param name="In">From clients.</param>
/// <param name="Out">Replies.</param>
public sealed record PageTraffic(PageDirection In, PageDirection Out);

/// <param name="BytesBefore">The rates of bytes before, oldest first; NaN: not measured.</param>
public sealed record PageDirection(double Packets, double Bytes, IReadOnlyList<float> BytesBefore);

/// <summary>A service port in one family.</summary>
/// <param name="Port">"http/TCP".</param>
/// <param name="Counted">null: not programmed.</param>
public sealed record PagePortTraffic(string Port, string Family, TrafficReading? Counted);

/// <param name="Address">"10.96.0.1:80/TCP".</param>
/// <param name="NoBackends">Why there are none; null: there are.</param>
public sealed record PageFrontend(string Port, string Address, string Kind, string Policy, int Backends, string? NoBackends)
{
    public string? Connections { get; init; }

    public string? Open { get; init; }

    public string? Refused { get; init; }
}

/// <param name="Address">"10.1.0.1:8080".</param>
/// <param name="State">"ready", "not ready", "terminating"; null: no endpoint of the address is known.</param>
/// <param name="Connections">Begun on this node; null: not programmed.</param>
public sealed record PageBackend(
    string Port, string Address, string? Node, string? State, int? Weight, ulong? Connections, ulong? Open)
{
    /// <summary>null: not counted, or not programmed.</summary>
    public TrafficReading? Traffic { get; init; }
}

/// <param name="Matching">Flows of the Service, also those that are not listed.</param>
public sealed record PageFlows(int Matching, IReadOnlyList<PageFlow> Lines);

public sealed record PageFlow(string Protocol, string Client, string Frontend, string Backend, string Phase, TimeSpan Idle);

/// <param name="Problem">Why drops are not reported, so that having none says nothing; null: they are.</param>
public sealed record PageDrops(IReadOnlyList<PageDrop> Lines, string? Problem)
{
    /// <summary>null: that there are none is not known.</summary>
    public IReadOnlyList<PageDrop>? OrNull => Problem is null ? Lines : null;
}

public sealed record PageDrop(
    DateTimeOffset Time, string Reason, string Protocol, string Source, string Destination, string? Device, string? Service);

/// <param name="Object">"Service default/web"; null: the agent as a whole.</param>
public sealed record PageEvent(DateTimeOffset Time, bool IsWarning, string What, string? Object, string Text)
{
    /// <summary>How often, up to <see cref="Time"/>.</summary>
    public int Count { get; init; } = 1;
}

public sealed record ExplainQuestion(string From, string To, string Port, string Protocol);

/// <param name="Error">What is wrong with the question, or why it cannot be answered; null: it is.</param>
public sealed record PageExplanation(string? Text, string? Error);
