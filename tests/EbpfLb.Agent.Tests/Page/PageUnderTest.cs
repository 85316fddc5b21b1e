using EbpfLb.Agent.Page;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Counters;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Page;

/// <summary>The page's parts over a table of the real compiler and counters that a test sets.</summary>
internal sealed class PageUnderTest : IDisposable
{
    private readonly RateService looks;

    /// <param name="countsTraffic">The agent runs with --traffic-counts.</param>
    public PageUnderTest(bool countsTraffic = false)
    {
        State = new PipelineState(
            () => new SourceStatus("test", true, null, null), new ProxyHealthTracker(Time, TimeSpan.FromSeconds(30)), false);
        Rates = new ServiceRates(Dataplane, State, Time);
        looks = new RateService(Rates, Time, NullLogger.Instance);
        Services = new PageServices(State, View, Rates, looks, () => Drops, countsTraffic);
    }

    public ManualTimeProvider Time { get; } = new();

    public ClusterBuilder Cluster { get; } = new();

    public FakeDataplane Dataplane { get; } = new();

    public FakeView View { get; } = new();

    public PipelineState State { get; }

    public ServiceRates Rates { get; }

    public PageServices Services { get; }

    /// <summary>By "namespace/name"; null: drops are not reported.</summary>
    public Dictionary<string, int>? Drops { get; set; }

    public static ObjectName Name(string name) => ClusterBuilder.Name(name);

    /// <summary>The cluster as it is now is programmed.</summary>
    public PageUnderTest Program()
    {
        var snapshot = Cluster.Build();
        var table = ForwardingCompiler.Compile(snapshot, PolicyOptions.Default, State.Table);
        State.RecordCompiled(new CompiledState(snapshot, PolicyOptions.Default, table));
        State.RecordRound(new RoundReport(1, default, 1, 1, default, default, true, [], null), table);
        return this;
    }

    /// <summary>What the counters of a Service's only port say, and since it is there.</summary>
    public void Count(string service, ulong connections, ulong refused = 0, uint id = 1, string port = "http", Traffic? traffic = null)
        => Dataplane.Counters[new ServicePortKey(Name(service), port, TransportProtocol.Tcp, IpFamily.IPv4)]
            = new PortCounters(id, connections, 0, 0, refused) { Traffic = traffic };

    public void ReadAfter(double seconds)
    {
        Time.Advance(TimeSpan.FromSeconds(seconds));
        Rates.Read();
    }

    public void Dispose() => looks.Dispose();
}
