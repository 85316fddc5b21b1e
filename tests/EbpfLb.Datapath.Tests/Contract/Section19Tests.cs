using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Tests.Packets;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Contract;

/// <summary>docs/contract.md 19, the items that are decided in the kernel or by the node's addresses; see docs/conformance.md.</summary>
public sealed class Section19Tests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Contract("19.5", "a family missing in nodePortAddresses matches all")]
    [Theory]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "192.0.2.1", false)]
    [InlineData("10.0.0.0/8", "2001:db8::1", true)]
    [InlineData("2001:db8::/32", "192.0.2.1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("10.0.0.0/8,0.0.0.0/0", "192.0.2.1", true)]
    public void Item_5_a_family_missing_in_nodePortAddresses_matches_all(string addresses, string address, bool answers)
        => Assert.Equal(answers, NodePortAddresses.Parse(addresses).Allow(IpAddress.Parse(address), []));

    [Contract("19.12", "without a detector: nothing to a ClusterIP is masqueraded, pods have no short circuit")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Item_12_without_a_detector_packets_are_not_masqueraded_and_pods_have_no_short_circuit(Packets.Harness.Family family)
    {
        var at = Ends.Of(family);
        Program.Serve(new ServiceSpec((byte)L4.Tcp, new FrontendSpec(at.ClusterIp, ServicePort)) { Backends = [RemoteBackend(family)] });
        Program.Serve(new ServiceSpec((byte)L4.Tcp, new FrontendSpec(at.ExternalIp, ServicePort, LbServiceFlag.External))
        {
            Backends = [RemoteBackend(family)], Flags = LbServiceFlag.Local | LbServiceFlag.Remote,
        });
        Program.Settings = Program.Settings with { Flags = 0 };
        var sent = PacketBuilder.From(at.LocalPod, ClientPort).To(at.ClusterIp, ServicePort).Over(Segments.Opening(L4.Tcp));

        Became(sent.To(at.RemotePod, BackendPort), Verdict.Pass, In(sent, PacketLab.Pods));
        Assert.Equal(Verdict.Drop, In(sent.To(at.ExternalIp, ServicePort), PacketLab.Pods).Verdict);
    }

    [Contract("19.13", "affinity per service port, shared by its destinations, restarted by each connection")]
    [Contract("11", "key: the client before SNAT, one memory for all destinations of a port, one for each port")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Item_13_affinity_is_per_service_port_and_shared_by_all_its_destinations(Packets.Harness.Family family)
    {
        var at = Ends.Of(family);
        BackendSpec[] backends = [LocalBackend(family), RemoteBackend(family)];
        var web = Program.Serve(Spec(L4.Tcp, family) with { Backends = backends, AffinitySeconds = 60 });
        var other = Program.Serve(
            new ServiceSpec((byte)L4.Tcp, new FrontendSpec(at.ClusterIp, 443)) { Backends = backends, AffinitySeconds = 60 });
        var first = Backend(Converse(L4.Tcp, From(at.Client, at.ClusterIp, ServicePort, ClientPort)), at);

        for (var i = 1; i < 20; i++)
        {
            foreach (var to in new[] { at.ClusterIp, at.ExternalIp, at.Vip })
                Assert.Equal(first, Backend(In(From(at.Client, to, ServicePort, ClientPort + i)), at));
        }
        Assert.Single(Program.Tables.Affinity.Keys(), key => key.ServiceId == web.Id);
        Assert.DoesNotContain(Program.Tables.Affinity.Keys(), key => key.ServiceId == other.Id);
        Converse(L4.Tcp, From(at.Client, at.ClusterIp, 443, ClientPort + 50));
        Assert.Single(Program.Tables.Affinity.Keys(), key => key.ServiceId == other.Id);
    }

    [Contract("19.13", "affinity per service port, shared by its destinations, restarted by each connection")]
    [Contract("11", "timer: restarted by each new connection")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Item_13_each_new_connection_restarts_the_time_out(Packets.Harness.Family family)
    {
        var at = Ends.Of(family);
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [LocalBackend(family), RemoteBackend(family)], AffinitySeconds = 60 });
        Converse(L4.Tcp, From(at.Client, at.ClusterIp, ServicePort, ClientPort));
        var key = Assert.Single(Program.Tables.Affinity.Keys());
        var memory = Program.Tables.Affinity.Lookup(key);
        var old = memory with { UsedNs = memory.UsedNs - 30_000_000_000 };
        Program.Tables.Affinity.Update(key, old);

        Converse(L4.Tcp, From(at.Client, at.ClusterIp, ServicePort, ClientPort + 1));

        var renewed = Program.Tables.Affinity.Lookup(key);
        Assert.Equal(memory.BackendId, renewed.BackendId);
        Assert.True(renewed.UsedNs >= memory.UsedNs, $"{renewed.UsedNs} is before {memory.UsedNs}");
    }

    [Contract("19.19", "the health check port is reached though it is among the NodePorts")]
    [Contract("8", "health check port: reached")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Item_19_a_health_check_port_among_the_node_ports_is_left_to_its_listener(Packets.Harness.Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        var sent = From(Ends.Of(family).Client, Ends.Of(family).Node, NodePort + 1, ClientPort);

        Untouched(sent, In(sent));
    }

    private static PacketBuilder From(IPAddress client, IPAddress to, int port, int clientPort) =>
        PacketBuilder.From(client, clientPort).To(to, port).Over(Segments.Opening(L4.Tcp));

    private static IPAddress Backend(PacketResult result, Ends at)
    {
        var to = PacketReader.Read(result.Packet).Ip.Destination.Address;
        Assert.Contains(to, new[] { at.LocalPod, at.RemotePod });
        return to;
    }
}
