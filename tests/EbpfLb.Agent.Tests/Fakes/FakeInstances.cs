using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Finds one view, or nothing.</summary>
internal sealed class FakeFinder(IInstanceView? view) : IInstanceFinder
{
    public InstanceOptions? Asked { get; private set; }

    /// <summary>A control socket that is asked in place of the view; null: the view is.</summary>
    public string? Socket { get; init; }

    public async Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken)
    {
        Asked = instance;
        return Socket is null ? view : await ControlClient.TryConnectAsync(Socket, cancellationToken);
    }
}

/// <summary>A view with fixed answers.</summary>
internal sealed class FakeView : IInstanceView
{
    public static StatusReport ReadyStatus { get; } = new(
        Origin.Agent, "default", "1.2.3", new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero), true, [],
        new SourceReport(
            "/etc/manifests", true, new DateTimeOffset(2025, 1, 1, 0, 0, 5, TimeSpan.Zero), null) { ContactAgeSeconds = 65.04 },
        [new HookStatus("connect4", "/sys/fs/cgroup", 7, 41)],
        new CanaryStatus(true, null, new DateTimeOffset(2025, 1, 1, 0, 0, 6, TimeSpan.Zero)),
        [new MapStatus("lb_services4", 250, 1000)],
        new PlanStatus(3, new DateTimeOffset(2025, 1, 1, 0, 0, 7, TimeSpan.Zero), 12, 40, 0, 0.5, 1.25, null),
        [], [], [new FeatureStatus("BPF links", true, null)])
    {
        Schedulers = [new SchedulerStatus("random", 9, 0), new SchedulerStatus("wlc", 2, 1)],
    };

    public FakeFlows Flows { get; } = new();

    IFlowView IInstanceView.Flows => Flows;

    public IHistoryView? History { get; set; }

    public IDrainView? Drains { get; set; }

    public ITraceView? Traces { get; set; }

    /// <summary>Questions for Services are not answered.</summary>
    public bool HoldServices { get; set; }

    public string? Config { get; set; }

    public Task<string?> ConfigAsync(CancellationToken cancellationToken) => Task.FromResult(Config);

    public StatusReport Status { get; set; } = ReadyStatus;

    public ServicesReport Services { get; set; } = new(Origin.Agent,
    [
        new ServiceRow("default/web", "http", "TCP", "IPv4", 1, 0, 17, 3, 0, 0,
            [new FrontendRow("10.96.0.1", 80, "ClusterIP", "Cluster", 2), new FrontendRow("0.0.0.0", 30080, "NodePort", "Local", 1)])
        {
            Scheduler = "wlc",
            LastChange = new DateTimeOffset(2025, 1, 1, 0, 0, 7, TimeSpan.Zero),
        },
        new ServiceRow("kube-system/dns", "", "UDP", "IPv6", 2, 10800, 0, 0, 5, 4,
            [new FrontendRow(
                "fd00::a", 53, "ClusterIP", "Cluster", 0, "none of its 3 endpoints is ready: look at the readiness of its pods")])
        {
            Scheduler = "random",
        },
    ]);

    public BackendsReport Backends { get; set; } = new(Origin.Agent,
    [
        new BackendRow("default/web", "http", "TCP", 1, "10.1.0.1", 8080) { Weight = 3, Connections = 12, Open = 2 },
        new BackendRow("default/web", "http", "TCP", 1, "fd01::1", 8080),
        new BackendRow("kube-system/dns", "", "UDP", 2, "10.1.0.2", 53),
    ]);

    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken) => Task.FromResult(Status);

    public VerifyReport Verify { get; set; } = new(Origin.Agent, true, false, [new ComparedRow("kernel", "lb_services4", 3)], [], [], 0.25)
    {
        Complete = true,
    };

    public bool? Repair { get; private set; }

    public Task<VerifyReport> VerifyAsync(bool repair, CancellationToken cancellationToken)
    {
        Repair = repair;
        return Task.FromResult(Verify);
    }

    /// <summary>What was asked for last.</summary>
    public ServiceQuery? Asked { get; private set; }

    /// <summary>What questions about Services are answered with in place of a report.</summary>
    public Exception? Unknown { get; set; }

    /// <summary>Answers to questions for Services before <see cref="Services"/>, one after the other: reports, or exceptions.</summary>
    public Queue<object> NextServices { get; set; } = [];

    public async Task<ServicesReport> ServicesAsync(ServiceQuery query, CancellationToken cancellationToken)
    {
        if (NextServices.TryDequeue(out var next)) return next as ServicesReport ?? throw (Exception)next;
        var answer = await AnswerAsync(query, Services);
        if (HoldServices) await Task.Delay(Timeout.Infinite, cancellationToken);
        return answer;
    }

    public Task<BackendsReport> BackendsAsync(ServiceQuery query, CancellationToken cancellationToken) => AnswerAsync(query, Backends);

    private Task<T> AnswerAsync<T>(ServiceQuery query, T report)
    {
        Asked = query;
        return Unknown is null ? Task.FromResult(report) : Task.FromException<T>(Unknown);
    }
}

/// <summary>Remembers which instances were removed.</summary>
internal sealed class FakeRemover(params string[] pinned) : IInstanceRemover
{
    public string? OwnerOf(InstanceOptions instance) => null;

    public List<string> Removed { get; } = [];

    public IReadOnlyList<string> List(string? bpfFs) => pinned;

    public IReadOnlyList<string> Remove(InstanceOptions instance, bool force)
    {
        Removed.Add(instance.Name);
        return pinned.Contains(instance.Name) ? [$"/sys/fs/bpf/ebpflb/{instance.Name}/links/connect4"] : [];
    }
}
