using System.Net;
using System.Net.Sockets;
using EbpfLb.Agent.Events;
using EbpfLb.Agent.Health;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Services;
using EbpfLb.Http.Health;
using EbpfLb.Http.ServiceHealth;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Policy;
using EbpfLb.Testing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Health;

/// <summary>Health check ports follow what is in the kernel, and the node's addresses.</summary>
public sealed class ServiceHealthPortsTests : IAsyncDisposable
{
    private const AddressFlags Optimistic = (AddressFlags)0x04;

    private readonly PipelineUnderTest pipeline = new();
    private readonly CollectedLog log = new();
    private readonly HttpClient client = new();
    private readonly EventQueue events;
    private readonly ServiceHealthServer server;

    public ServiceHealthPortsTests()
    {
        events = new EventQueue(null, "n", pipeline.Time, log.Loggers.CreateLogger("events"));
        server = new ServiceHealthServer(() => pipeline.State.Report().Healthy, events, TimeProvider.System, log.Loggers);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
        await pipeline.DisposeAsync();
        events.Dispose();
        log.Dispose();
    }

    private void Follow(string addresses = "")
        => new ServiceHealthPorts(server, pipeline.State, () => NodePortAddresses.Parse(addresses)).Attach();

    private void Push(ushort port, params string[] endpoints) => pipeline.Push(pipeline.Cluster
        .Service("web", ["10.96.0.1"], [":80@30080"], type: ServiceType.LoadBalancer, outside: TrafficPolicy.Local, healthCheckPort: port)
        .Slice("web-1", "web", [":8080"], endpoints));

    [Contract("9", "order: after the round that programmed it")]
    [Fact]
    public async Task A_port_opens_when_its_service_is_in_the_kernel_and_closes_when_it_is_gone()
    {
        Follow();
        var port = FreePort();
        Push(port);
        await UntilAsync(port, HttpStatusCode.ServiceUnavailable);

        pipeline.Push(pipeline.Cluster.RemoveService("web"));
        await UntilAsync(port, null);
    }

    [Contract("9", "node tainted or gone: does not matter")]
    [Fact]
    public async Task A_node_that_load_balancers_shall_leave_is_no_unhealthy_proxy()
    {
        Follow();
        var port = FreePort();
        Push(port);
        await UntilAsync(port, HttpStatusCode.ServiceUnavailable);

        pipeline.Push(pipeline.Cluster.Node("node-1", taints: [Node.DeletionTaint]));
        await Waiting.UntilAsync(() => !pipeline.State.Report().NodeEligible);

        using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/"), TestContext.Current.CancellationToken);
        Assert.Contains("\"serviceProxyHealthy\": true", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Contract("9", "order: after the round that programmed it")]
    [Fact]
    public async Task A_round_that_could_not_run_at_all_changes_nothing()
    {
        Follow();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => throw new InvalidOperationException("no");
        var port = FreePort();
        Push(port);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        Assert.Null(await StatusAsync(port));

        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(1, []);
        pipeline.Time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(port, HttpStatusCode.ServiceUnavailable);
    }

    [Contract("9", "bind fails: open nowhere, an event on the Service, tried again")]
    [Fact]
    public async Task A_port_that_is_taken_is_an_event_on_the_service_and_tried_again_whenever_the_node_is_looked_at()
    {
        Follow();
        using var occupant = new TcpListener(IPAddress.Any, 0);
        occupant.Start();
        var port = (ushort)((IPEndPoint)occupant.LocalEndpoint).Port;
        Push(port);
        await Waiting.UntilAsync(() => log.Lines.Any(l
            => l.Contains("Event: Service=default/web reason=FailedToStartServiceHealthcheck", StringComparison.Ordinal)));

        occupant.Stop();
        await Waiting.UntilAsync(() =>
        {
            pipeline.State.RecordNode(NodeView.None);
            return server.Problems.Count == 0;
        });
        await UntilAsync(port, HttpStatusCode.ServiceUnavailable);
    }

    /// <summary>Ten thousand that are in use would be tried on the pipeline's thread each time.</summary>
    [Fact]
    public async Task A_port_that_is_taken_is_not_tried_again_with_each_table()
    {
        var tries = new Tries();
        await using var own = new ServiceHealthServer(() => true, tries, TimeProvider.System, log.Loggers);
        new ServiceHealthPorts(own, pipeline.State, () => NodePortAddresses.Parse("")).Attach();
        using var occupant = new TcpListener(IPAddress.Any, 0);
        occupant.Start();
        var cluster = pipeline.Cluster.Service("web", ["10.96.0.1"], [":80@30080"], type: ServiceType.LoadBalancer,
            outside: TrafficPolicy.Local, healthCheckPort: (ushort)((IPEndPoint)occupant.LocalEndpoint).Port);
        ForwardingTable? table = null;
        for (var i = 0; i < 100; i++)
        {
            cluster.Service($"other-{i}", [$"10.96.1.{i}"], [":80"]);
            // One of them has a port that can be had.
            if (i == 50)
                cluster.Service("free", ["10.96.0.2"], [":80@30081"], type: ServiceType.LoadBalancer, outside: TrafficPolicy.Local,
                    healthCheckPort: FreePort());
            table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, table);
            pipeline.State.RecordApplied(table);
        }

        Assert.Equal(1, tries.Count);
        Assert.Single(own.Problems);

        pipeline.State.RecordNode(NodeView.None);
        Assert.Equal(2, tries.Count);
    }

    [Contract("9", "bind: all addresses, or those that nodePortAddresses name; here as these come and go, not only at the start")]
    [Theory]
    [InlineData("", "0.0.0.0 ::")]
    [InlineData("all", "0.0.0.0 ::")]
    [InlineData("0.0.0.0/0,fd00::/8", "0.0.0.0 fd00::1")]
    [InlineData("192.0.2.0/24", "192.0.2.1 ::")]
    [InlineData("192.0.2.0/24,fd00::/8", "192.0.2.1 fd00::1")]
    [InlineData("localhost", "127.0.0.1 ::1")]
    [InlineData("203.0.113.0/24,fd00::/8", "fd00::1")]
    public void Ports_are_where_NodePorts_are(string wanted, string expected)
    {
        var addresses = NodePortAddresses.Parse(wanted);
        var state = NodeState.Empty with
        {
            Addresses = new[] { "192.0.2.1", "198.51.100.1", "fd00::1", "2001:db8::1" }.Select(IpAddress.Parse).Select(a
                => new NodeAddress(a, addresses.Allow(a, []))).ToValueList(),
        };

        Assert.Equal(
            expected.Split(' '), ServiceHealthPorts.AddressesOf(addresses, NodeView.None with { State = state }).Select(a => a.ToString()));
    }

    /// <summary>The kernel refuses to bind to one while it looks for duplicates, and then the port would be open nowhere.</summary>
    [Theory]
    [InlineData(AddressFlags.Tentative | AddressFlags.Permanent, "192.0.2.1")]
    [InlineData(AddressFlags.Tentative | Optimistic, "192.0.2.1 2001:db8::1")]
    [InlineData(AddressFlags.Permanent, "192.0.2.1 2001:db8::1")]
    [InlineData(AddressFlags.Tentative | AddressFlags.DadFailed, "192.0.2.1")]
    public void An_address_that_may_turn_out_to_be_anothers_is_not_listened_on_yet(AddressFlags flags, string expected)
    {
        var wanted = NodePortAddresses.Parse("192.0.2.0/24,2001:db8::/64");
        var network = new NetworkSnapshot(
            [],
            [
                new Address(2, IPAddress.Parse("192.0.2.1"), 24, AddressScope.Global, AddressFlags.Permanent, null),
                new Address(2, IPAddress.Parse("2001:db8::1"), 64, AddressScope.Global, flags, null),
            ],
            []);
        var options = NodeOptions.Default with { NodePortAddresses = wanted };
        var state = NodeStateBuilder.Build(network, [], options, node: null, netnsCookie: 0, cpus: 2);

        Assert.Equal(
            expected.Split(' '), ServiceHealthPorts.AddressesOf(wanted, NodeView.None with { State = state }).Select(a => a.ToString()));
        // NodePorts answer all the same: packets for it come only when it is ours.
        if (!flags.HasFlag(AddressFlags.DadFailed)) Assert.Equal(2, state.Addresses.Count(a => a.NodePort));
    }

    /// <summary>An address may be on two devices.</summary>
    [Fact]
    public void One_that_is_tentative_on_one_device_only_is_listened_on()
    {
        var wanted = NodePortAddresses.Parse("192.0.2.0/24,2001:db8::/64");
        var state = NodeStateBuilder.Build(
            new NetworkSnapshot(
                [],
                [
                    new Address(2, IPAddress.Parse("2001:db8::1"), 64, AddressScope.Global, AddressFlags.Tentative, null),
                    new Address(3, IPAddress.Parse("2001:db8::1"), 64, AddressScope.Global, AddressFlags.Permanent, null),
                ],
                []),
            [], NodeOptions.Default with { NodePortAddresses = wanted }, node: null, netnsCookie: 0, cpus: 2);

        Assert.Equal(
            ["2001:db8::1"], ServiceHealthPorts.AddressesOf(wanted, NodeView.None with { State = state }).Select(a => a.ToString()));
    }

    [Contract("9", "bind: all addresses, or those that nodePortAddresses name; here as these come and go, not only at the start")]
    [Fact]
    public async Task An_address_that_the_node_gets_or_loses_is_followed()
    {
        Follow("127.0.0.8/29,::1/128");
        var port = FreePort();
        Push(port);
        await pipeline.Dataplane.NextAppliedAsync();
        foreach (var address in (string[])["127.0.0.9", "127.0.0.10"])
        {
            pipeline.State.RecordNode(NodeView.None with
            {
                State = NodeState.Empty with { Addresses = [new NodeAddress(IpAddress.Parse(address), NodePort: true)] },
            });
            await UntilAsync(port, HttpStatusCode.ServiceUnavailable, address);
        }
        await UntilAsync(port, null, "127.0.0.9");
    }

    private Task UntilAsync(ushort port, HttpStatusCode? status, string host = "127.0.0.1")
        => Waiting.UntilAsync(() => StatusAsync(port, host).GetAwaiter().GetResult() == status);

    private async Task<HttpStatusCode?> StatusAsync(ushort port, string host = "127.0.0.1")
    {
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://{host}:{port}/"), TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Each time that a port could not be had there is an event.</summary>
    private sealed class Tries : IEventRecorder
    {
        public int Count { get; private set; }

        public void Record(ClusterEvent clusterEvent) => Count++;
    }

    private static ushort FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
