using EbpfLb.Http.Metrics;
using EbpfLb.Http.Page;
using EbpfLb.Model;

namespace EbpfLb.Http.Tests.Page;

/// <summary>A page whose every text is the same one, as a cluster could give it.</summary>
internal sealed class FixedPage(string text) : IPageReadings
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public PageContent Content { get; set; } = PageContent.Full;

    public IReadOnlyList<string> HostNames { get; set; } = ["node-1"];

    /// <summary>Called when a page is made.</summary>
    public Action Made { get; set; } = () => { };

    public int Lines { get; set; } = 1;

    /// <summary>The agent has a table.</summary>
    public bool IsKnown { get; set; } = true;

    /// <summary>Of packets and bytes; null: they are not counted.</summary>
    public TrafficReading? Traffic { get; set; }

    public ServiceLine Line { get; set; } = new($"{text}/{text}", text, [text, text], 1, 3)
    {
        Rate = 12.34, RefusedRate = 0, Drops = 4, History = [float.NaN, 1, 2, float.NaN, 0],
    };

    public IReadOnlyList<ServiceSearch> Searches => searches;

    public ExplainQuestion? Asked { get; private set; }

    private readonly List<ServiceSearch> searches = [];

    public PageHead Head()
    {
        Made();
        return new PageHead(text, text, text, false, 2, At);
    }

    public Task<PageStatus> StatusAsync(CancellationToken cancellationToken) => Task.FromResult(new PageStatus
    {
        Started = At,
        NotReady = [text],
        Source = new PageSource(text, true, TimeSpan.FromSeconds(3), text),
        Canary = new PageCheck(false, text, At),
        LastRound = new PageRound(1, At, 2, 3, 4, TimeSpan.FromSeconds(5)),
        LastVerify = Verify,
        ServicesNotProgrammed = 4,
        Failures = [text], Problems = [text], Warnings = [text],
        Features = [new PageFeature("tcx", false, text), new PageFeature("cookie", null, null)],
        Maps = [new PageMap("lb_services4", 5, 10)],
        Reasons = [new PageReason("drop_range", 5, null, "meaning", null)],
        Hooks = [new PageHook("connect4", text, 1, 2)],
        Devices = [new PageDevice(text, "uplink", "tcx", (1, 0), text, text) { IsBad = true }],
    });

    public ServiceList FindServices(ServiceSearch search)
    {
        searches.Add(search);
        return new ServiceList(10_000, 10_000, search.First, true, [.. Enumerable.Repeat(Line, Math.Min(Lines, search.Most))])
        {
            IsKnown = IsKnown,
            CountsTraffic = Traffic is not null,
        };
    }

    public Task<ServiceDetail?> FindServiceAsync(ObjectName name, bool withFlows, CancellationToken cancellationToken)
        => Task.FromResult<ServiceDetail?>(name.Name == "missing" ? null : new ServiceDetail(
            Line, [new PageFrontend(text, text, text, text, 0, text) { Connections = text }],
            [.. Enumerable.Repeat(new PageBackend(text, text, text, text, 1, null, null) { Traffic = Traffic }, Lines)],
            withFlows ? new PageFlows(7, [new PageFlow(text, text, text, text, text, TimeSpan.FromSeconds(4))]) : null, null, [Drop])
        {
            Period = TimeSpan.FromSeconds(5), Scheduler = text,
            Traffic = Traffic is null ? null : [new PagePortTraffic(text, text, Traffic), new PagePortTraffic(text, text, null)],
        });

    public PageVerify Verify { get; set; } = new(At, 100, 2, 1, false);

    /// <summary>Why drops are not reported.</summary>
    public string? DropProblem { get; set; }

    public Task<PageDrops> DropsAsync(int most, CancellationToken cancellationToken)
        => Task.FromResult(new PageDrops(DropProblem is null ? [Drop] : [], DropProblem));

    public IReadOnlyList<PageEvent> Events() => [new PageEvent(At, true, text, text, text)];

    public Task<PageExplanation> ExplainAsync(ExplainQuestion question, CancellationToken cancellationToken)
    {
        Asked = question;
        return Task.FromResult(question.Port == "bad" ? new PageExplanation(null, text) : new PageExplanation(text, null));
    }

    private PageDrop Drop => new(At, text, text, text, text, text, text);
}
