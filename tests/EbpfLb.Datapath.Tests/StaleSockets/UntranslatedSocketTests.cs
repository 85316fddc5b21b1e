using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.StaleSockets;

/// <summary>UDP sockets that were connected to a frontend before it was one.</summary>
[Collection(typeof(OwnCgroup))]
public sealed class UntranslatedSocketTests
{
    private const string Outer = "203.0.113.53";

    [Theory]
    [MemberData(nameof(StaleSocketTests.Kinds), MemberType = typeof(StaleSocketTests))]
    public async Task A_socket_that_was_connected_before_its_service_was_known_is_ended_and_translated_when_it_connects_anew(
        SocketWay way, string address)
    {
        await using var lab = new StaleLab(way);
        var socket = lab.Connect(address);
        lab.Apply(StaleLab.Dns("127.0.0.2", "fd00::2"));

        Assert.Equal(
            StaleSocketReport.Nothing(tcp: false, untranslated: false), lab.Stale.EndSockets(tcp: false, untranslated: false));
        Assert.Equal(StaleLab.Ended(untranslated: 1), lab.Stale.EndSockets(tcp: false, untranslated: true));
        Assert.Equal(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
        Assert.Equal(SocketError.DestinationAddressRequired, StaleLab.SendError(socket));

        // What .NET does not let a socket do that was ended: connect anew, as it is.
        lab.Connect(address);
        Assert.Equal(
            StaleSocketReport.Nothing(tcp: false, untranslated: true), lab.Stale.EndSockets(tcp: false, untranslated: true));
    }

    [Fact]
    public async Task It_is_ended_when_the_first_endpoint_comes_and_not_before()
    {
        await using var lab = new StaleLab();
        var socket = lab.Connect(StaleLab.Service4);

        lab.Apply(StaleLab.Dns());
        Assert.Equal(
            StaleSocketReport.Nothing(tcp: false, untranslated: true), lab.Stale.EndSockets(tcp: false, untranslated: true));
        lab.Apply(StaleLab.Dns("127.0.0.2"));

        Assert.Equal(1, lab.Stale.EndSockets(tcp: false, untranslated: true).Untranslated.Ended);
        Assert.Equal(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
    }

    private static readonly Dictionary<string, (string Address, int Port, Action<ClusterBuilder> Dns)> Frontends = new()
    {
        ["external IP"] = (Outer, 53, Dns(c => c.Service("dns", [StaleLab.Service4], ["udp:53/UDP"], externalIPs: [Outer]))),
        ["LoadBalancer address"] = (Outer, 53,
            Dns(c => c.Service("dns", [StaleLab.Service4], ["udp:53/UDP"], type: ServiceType.LoadBalancer, balancerIPs: [Outer]))),
        ["NodePort"] = (
            StaleLab.NodeIP, 30053, Dns(c => c.Service("dns", [StaleLab.Service4], ["udp:53@30053/UDP"], type: ServiceType.NodePort))),
        ["NodePort at a loopback address"] = (
            "127.0.0.1", 30053, Dns(c => c.Service("dns", [StaleLab.Service4], ["udp:53@30053/UDP"], type: ServiceType.NodePort))),
    };

    public static TheoryData<string> FrontendNames => [.. Frontends.Keys];

    [Theory]
    [MemberData(nameof(FrontendNames))]
    public async Task External_addresses_LoadBalancer_addresses_and_NodePorts_are_frontends_too(string kind)
    {
        var (address, port, dns) = Frontends[kind];
        await using var lab = new StaleLab();
        lab.BeNode(new NodeSettings { LoopbackNodePorts4 = true });
        var socket = lab.Connect(address, port);

        lab.Apply(dns);

        Assert.Equal(StaleLab.Ended(untranslated: 1), lab.Stale.EndSockets(tcp: false, untranslated: true));
        Assert.Equal(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
    }

    private static readonly Dictionary<string, (NodeSettings? Node, string Address, int Port, Action<ClusterBuilder> Dns)> NotOurs = new()
    {
        ["a loopback address of a pod is the pod's"] = (
            null, "127.0.0.1", 30053, Dns(c => c.Service("dns", [StaleLab.Service4], ["udp:53@30053/UDP"], type: ServiceType.NodePort))),
        ["NodePorts do not answer on the address"] = (new NodeSettings(), "127.0.0.1", 30053,
            Dns(c => c.Service("dns", [StaleLab.Service4], ["udp:53@30053/UDP"], type: ServiceType.NodePort))),
        ["pods are left to others"] = (
            new NodeSettings { HostSocketsOnly = true }, StaleLab.Service4, StaleLab.Port, StaleLab.Dns("127.0.0.2")),
        ["another port"] = (null, StaleLab.Service4, 54, StaleLab.Dns("127.0.0.2")),
        ["no endpoint that it could get"] = (null, StaleLab.Service4, StaleLab.Port,
            Dns(c => c.Node("n1").Service("dns", [StaleLab.Service4], ["udp:53/UDP"], inside: TrafficPolicy.Local))),
        ["source ranges and an address that is not known"] = (null, Outer, StaleLab.Port,
            Dns(c => c.Service("dns", [StaleLab.Service4], ["udp:53/UDP"], type: ServiceType.LoadBalancer, balancerIPs: [Outer],
                sourceRanges: ["192.0.2.0/24"]))),
    };

    public static TheoryData<string> NotOursNames => [.. NotOurs.Keys];

    [Theory]
    [MemberData(nameof(NotOursNames))]
    public async Task What_connect_would_not_translate_is_not_ended(string why)
    {
        var (node, address, port, dns) = NotOurs[why];
        await using var lab = new StaleLab();
        if (node is not null) lab.BeNode(node, ofLab: !node.HostSocketsOnly);
        var socket = lab.Connect(address, port);

        lab.Apply(dns);

        Assert.True(
            lab.Stale.EndSockets(tcp: false, untranslated: true) == StaleSocketReport.Nothing(tcp: false, untranslated: true),
            why);
        Assert.NotEqual(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
    }

    [Theory]
    [InlineData(StaleLab.Service4, "127.0.0.2", true, true)]
    [InlineData(StaleLab.Service6, "fd00::2", true, true)]
    [InlineData(StaleLab.Mapped, "127.0.0.2", true, true)]
    [InlineData(StaleLab.Service4, "127.0.0.2", false, true)]
    [InlineData(StaleLab.Service4, "127.0.0.2", true, false)]
    [InlineData(StaleLab.Service4, "127.0.0.3", true, true)]
    public async Task When_pods_are_no_longer_left_to_others_what_a_flow_of_ours_translates_is_left_alone(
        string address, string backend, bool hasFlow, bool hasDevice)
    {
        await using var lab = new StaleLab();
        lab.BeNode(new NodeSettings { HostSocketsOnly = true }, ofLab: false);
        lab.Apply(StaleLab.Dns("127.0.0.2", "fd00::2"));
        if (hasDevice) lab.BePodNode();
        var socket = lab.Connect(address);
        // As the programs at the pod's device have it since the first datagram.
        if (hasFlow) AddFlow(lab, (IPEndPoint)socket.LocalEndPoint!, address, backend);

        lab.BeNode(new NodeSettings(), ofLab: false);

        // 127.0.0.3 is no endpoint: the flow is about to be removed.
        var isLeft = hasFlow && hasDevice && backend != "127.0.0.3";
        Assert.Equal(StaleLab.Ended(untranslated: isLeft ? 0 : 1), lab.Stale.EndSockets(tcp: false, untranslated: true));
        Assert.Equal(!isLeft, StaleLab.ReceiveError(socket) == SocketError.ConnectionAborted);
    }

    private static void AddFlow(StaleLab lab, IPEndPoint client, string frontend, string backend)
    {
        var source = new FlowEndpoint(IpAddress.From(client.Address), (ushort)client.Port);
        var request = new FlowEntry(
            new FlowKey(
                source, new FlowEndpoint(IpAddress.From(IPAddress.Parse(frontend)), StaleLab.Port), (byte)TransportProtocol.Udp,
                LbCtHook.Ingress),
            source, new FlowEndpoint(IpAddress.Parse(backend), 9953), new LbCtState { Phase = (byte)LbCtPhase.Open });
        using var flows = FlowMaps.OpenPinned(lab.Instance.Options);
        var map = flows!.All.Single(m => m.Family == source.Address.Family);
        Assert.True(map.TryAdd(request));
        Assert.True(map.TryAdd(request.ToSibling(oif: 0)));
    }

    [Fact]
    public async Task Processes_that_no_hook_is_called_for_keep_their_sockets()
    {
        await using var lab = new StaleLab();
        lab.Instance.Join(inside: false);
        var outside = lab.Connect(StaleLab.Service4);
        lab.Instance.Join();
        lab.Connect(StaleLab.Service4);

        lab.Apply(StaleLab.Dns("127.0.0.2"));

        Assert.Equal(StaleLab.Ended(untranslated: 1), lab.Stale.EndSockets(tcp: false, untranslated: true));
        Assert.NotEqual(SocketError.ConnectionAborted, StaleLab.ReceiveError(outside));
    }

    [Fact]
    public async Task Sockets_that_are_where_they_belong_are_not_touched()
    {
        await using var lab = new StaleLab();
        lab.Apply(StaleLab.Dns("127.0.0.2"));
        var ours = lab.Connect(StaleLab.Service4);
        var straight = lab.Connect("127.0.0.2", 9953);
        var unconnected = lab.Unconnected();
        // Its endpoint has the address of another service: what we gave it is not what it asked for.
        lab.Apply(c =>
        {
            StaleLab.Dns("127.0.0.2")(c);
            c.Service("front", ["10.96.0.9"], ["u:53/UDP"]).Slice("front", "front", ["u:53/UDP"], [StaleLab.Service4]);
        });
        var chained = lab.Connect("10.96.0.9");

        Assert.Equal(
            StaleSocketReport.Nothing(tcp: true, untranslated: true), lab.Stale.EndSockets(tcp: true, untranslated: true));
        Assert.All([ours, straight, unconnected, chained], s => Assert.NotEqual(SocketError.ConnectionAborted, StaleLab.ReceiveError(s)));
    }

    [Fact]
    public async Task A_restart_makes_no_untranslated_sockets()
    {
        await using var lab = new StaleLab();
        lab.Apply(StaleLab.Dns("127.0.0.2"));
        var socket = lab.Connect(StaleLab.Service4);

        await lab.RestartAsync();
        lab.Apply(StaleLab.Dns("127.0.0.2"));

        Assert.Equal(
            StaleSocketReport.Nothing(tcp: false, untranslated: true), lab.Stale.EndSockets(tcp: false, untranslated: true));
        Assert.NotEqual(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
    }

    /// <summary>With one endpoint, which is on another node.</summary>
    private static Action<ClusterBuilder> Dns(Action<ClusterBuilder> service)
        => c => { service(c); c.Slice("dns-4", "dns", ["udp:9953/UDP"], ["127.0.0.2 node=n2"]); };
}
