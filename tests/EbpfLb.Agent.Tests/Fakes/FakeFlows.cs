using EbpfLb.Agent.Control;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Flows and drops with fixed answers.</summary>
internal sealed class FakeFlows : IFlowView
{
    /// <summary>The last query.</summary>
    public FlowQuery? Asked { get; private set; }

    public int Flushes { get; private set; }

    public FlowsReport Flows { get; set; } = new(Origin.Agent, 2,
    [
        new FlowRow(
            "TCP", "192.0.2.1:40000", "10.96.0.1:80", "10.244.0.5:8080", null, "open", 12, "default/web:http", 7, null, "eth0", true),
        new FlowRow(
            "UDP", "[2001:db8::1]:53000", "[fd00::a]:53", "[fd00:244::5]:53", "[fd00::1]:61000", "new", 0, null, 8, "eth1", "eth0", false),
    ]);

    public FlowCountReport Counts { get; set; } = new(
        Origin.Agent, 7, [new FlowGroup("IPv4", "TCP", "open", 5), new FlowGroup("IPv6", "UDP", "new", 2)],
        [new ServiceFlows("default/web:http", 7, 5), new ServiceFlows(null, 8, 2)], [new MapStatus("lb_conntrack4", 10, 1000)]);

    public Queue<DropsReport> Drops { get; } = [];

    public long? AskedAfter { get; private set; }

    public Task<FlowsReport> ListAsync(FlowQuery query, CancellationToken cancellationToken)
    {
        Asked = query;
        return Task.FromResult(Flows);
    }

    public Task<FlowCountReport> CountAsync(FlowQuery query, CancellationToken cancellationToken)
    {
        Asked = query;
        return Task.FromResult(Counts);
    }

    public Task<FlushReport> FlushAsync(FlowQuery query, CancellationToken cancellationToken)
    {
        Asked = query;
        Flushes++;
        return query.Service == "no/such" ? throw new UnknownServiceException("no service port 'no/such' is programmed")
            : Task.FromResult(new FlushReport(Origin.Agent, 3));
    }

    /// <summary>One report after the other; when there is none left it waits for ever.</summary>
    public async Task<DropsReport> DropsAsync(long after, TimeSpan wait, CancellationToken cancellationToken)
    {
        AskedAfter = after;
        if (Drops.TryDequeue(out var report)) return report;
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException("unreachable");
    }
}
