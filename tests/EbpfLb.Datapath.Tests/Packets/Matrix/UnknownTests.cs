using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>docs/contract.md 8: ports of a ClusterIP that nobody has, and addresses of a service CIDR that nobody has.</summary>
public class UnknownTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int UnknownPort = 81;

    [Contract("8", "unknown port or protocol of a ClusterIP: refused (nftables), or left alone (iptables)")]
    [Theory]
    [MemberData(nameof(Talks))]
    public void An_unknown_port_of_a_cluster_IP_is_answered_that_nobody_is_there(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        var service = Know(family, protocol);

        var result = Answered(To(family, at.ClusterIp, UnknownPort, protocol));

        Assert.Equal(Verdict.Redirect, result.Verdict);
        var answer = PacketReader.Read(result.Packet);
        Assert.Equal((at.ClusterIp, at.Client), (answer.Ip.Source.Address, answer.Ip.Destination.Address));
        Assert.Equal(protocol == L4.Tcp, answer.Ip.Protocol == (byte)L4.Tcp);
        Counted((LbReason.PktUnknownPort, 1));
        var told = Assert.Single(Program.Events());
        Assert.Equal((LbReason.PktUnknownPort, service.Id), ((LbReason)told.Reason, told.ServiceId));
        Assert.Equal(1ul, Refused(service));
        Assert.Empty(Program.Tables.Flows());
    }

    [Contract("8", "unknown port or protocol of a ClusterIP: refused (nftables), or left alone (iptables)")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_known_port_with_another_protocol_is_an_unknown_port(Family family)
    {
        Know(family, L4.Tcp);

        Answered(To(family, Ends.Of(family).ClusterIp, ServicePort, L4.Udp));

        Counted((LbReason.PktUnknownPort, 1));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Known_ports_go_on_as_before(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);
        var sent = To(family, at.ClusterIp, ServicePort, L4.Tcp);

        Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, In(sent));
    }

    [Contract("4", "other ports and protocols: left alone")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Other_ports_of_external_addresses_and_of_the_node_are_left_alone(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);

        foreach (var address in (IPAddress[])[at.ExternalIp, at.Vip, at.Node])
        {
            var sent = To(family, address, UnknownPort, L4.Tcp);
            Untouched(sent, In(sent));
        }
        Counted((LbReason.PktPassed, 3));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_external_address_that_is_a_cluster_IP_too_answers_on_its_own_port_only(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);
        Program.Serve(new ServiceSpec(
            (byte)L4.Tcp, new FrontendSpec(at.ClusterIp, 8443, LbServiceFlag.External)) { Backends = [LocalBackend(family)] });

        Became(
            To(family, at.ClusterIp, 8443, L4.Tcp).To(at.LocalPod, BackendPort), Verdict.Pass, In(To(family, at.ClusterIp, 8443, L4.Tcp)));
        Answered(To(family, at.ClusterIp, 8444, L4.Tcp));

        Assert.Equal(1ul, Program.Count(LbReason.PktUnknownPort));
    }

    [Contract("8", "unallocated address of a ServiceCIDR: dropped; not where another proxy serves in that range")]
    [Theory]
    [MemberData(nameof(Talks))]
    public void An_address_of_a_service_CIDR_that_nobody_has_is_silent(L4 protocol, Family family)
    {
        Know(family, protocol);

        Became(To(family, Unallocated(family), ServicePort, protocol), Verdict.Drop,
            In(To(family, Unallocated(family), ServicePort, protocol)));

        Counted((LbReason.DropUnallocated, 1));
        Assert.Equal(LbReason.DropUnallocated, (LbReason)Assert.Single(Program.Events()).Reason);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Without_service_CIDRs_an_address_that_nobody_has_is_left_alone(Family family)
    {
        Know(family, L4.Tcp, cidrs: false);
        var sent = To(family, Unallocated(family), ServicePort, L4.Tcp);

        Untouched(sent, In(sent));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_address_that_the_node_has_itself_is_left_alone(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);
        Program.Tables.PutNodeAddress(at.ClusterIp, default);
        Program.Tables.PutNodeAddress(Unallocated(family), default);

        foreach (var sent in (PacketBuilder[])[
            To(family, at.ClusterIp, UnknownPort, L4.Tcp), To(family, Unallocated(family), ServicePort, L4.Tcp)])
            Untouched(sent, In(sent));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void What_leaves_to_a_cluster_IP_untranslated_is_passed_and_told(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        var service = Know(family, protocol);
        var sent = To(family, at.ClusterIp, ServicePort, protocol);

        Untouched(sent, Out(sent));

        Counted((LbReason.PktUntranslated, 1));
        var told = Assert.Single(Program.Events());
        Assert.Equal((LbReason.PktUntranslated, service.Id), ((LbReason)told.Reason, told.ServiceId));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_leaves_to_other_addresses_is_only_passed(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);

        foreach (var address in (IPAddress[])[at.ExternalIp, Unallocated(family), at.RemotePod])
        {
            var sent = To(family, address, ServicePort, L4.Tcp);
            Untouched(sent, Out(sent));
        }
        Counted((LbReason.PktPassed, 3));
        Assert.Empty(Program.Events());
    }

    [Contract("8", "ICMP: pings are left alone; errors about translated flows are translated back")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Pings_of_a_cluster_IP_and_of_an_address_that_nobody_has_are_left_alone(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);

        foreach (var address in (IPAddress[])[at.ClusterIp, Unallocated(family)])
        {
            var sent = PacketBuilder.From(at.Client, 0).To(address, 0).Icmp((byte)(family == Family.IPv4 ? 8 : 128));
            Untouched(sent, In(sent));
        }
    }

    [Contract("8", "new flows only: what is established is not cut")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_flow_outlives_the_port_of_its_service(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);
        In(To(family, at.ClusterIp, ServicePort, L4.Tcp));
        Program.Tables.Services4.Delete(new LbFrontend4
        {
            Addr = AbiAddress.To4(Ends.Of(Family.IPv4).ClusterIp), Port = Be16.FromHost(ServicePort), Proto = (byte)L4.Tcp,
        });
        Program.Tables.Services6.Delete(new LbFrontend6
        {
            Addr = AbiAddress.To16(Ends.Of(Family.IPv6).ClusterIp), Port = Be16.FromHost(ServicePort), Proto = (byte)L4.Tcp,
        });
        var data = PacketBuilder.From(at.Client, ClientPort).To(at.ClusterIp, ServicePort).Over(Segments.Data(L4.Tcp)).Payload(5);

        Became(data.To(at.LocalPod, BackendPort), Verdict.Pass, In(data));

        // A new one does not begin.
        Answered(PacketBuilder.From(at.Client, ClientPort + 1).To(at.ClusterIp, ServicePort).Over(Segments.Opening(L4.Tcp)));
        Assert.Equal(1ul, Program.Count(LbReason.PktUnknownPort));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_reset_to_an_unknown_port_is_not_answered(Family family)
    {
        var at = Ends.Of(family);
        Know(family, L4.Tcp);
        var sent = PacketBuilder.From(at.Client, ClientPort).To(at.ClusterIp, UnknownPort).Over(new TcpSegment(TcpFlags.Rst));

        Became(sent, Verdict.Drop, In(sent));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_is_outside_of_all_services_is_not_even_looked_up(Family family)
    {
        var at = Ends.Of(family);
        var service = Know(family, L4.Tcp);
        // Nothing in the settings leads here, so the entry is not found.
        Program.Close(at.ExternalIp, service);
        var sent = To(family, at.ExternalIp, UnknownPort, L4.Tcp);

        Untouched(sent, In(sent));
    }

    /// <summary>A service with all kinds of frontends, its ClusterIP closed, and the CIDR it is in.</summary>
    private ServedService Know(Family family, L4 protocol, bool cidrs = true)
    {
        var at = Ends.Of(family);
        var service = Serve(protocol, family, LocalBackend(family));
        Program.Close(at.ClusterIp, service);
        if (cidrs) Program.Tables.PutServiceCidr(IPNetwork.Parse(family == Family.IPv4 ? "10.96.0.0/16" : "fd00:96::/108"));
        Program.Settings = Program.Settings with
        {
            Flags = Program.Settings.Flags | (uint)(LbSetting.SetSvc4 | LbSetting.SetSvc6),
            Svc4 = AbiAddress.To4(IPAddress.Parse("10.96.0.0")),
            Svc4Mask = AbiAddress.To4(IPAddress.Parse("255.255.0.0")),
            Svc6 = AbiAddress.To16(IPAddress.Parse("fd00:96::")),
            Svc6Mask = AbiAddress.To16(IPAddress.Parse("ffff:ffff:ffff:ffff:ffff:ffff:fff0:0")),
        };
        return service;
    }

    private static IPAddress Unallocated(Family family) => IPAddress.Parse(family == Family.IPv4 ? "10.96.9.9" : "fd00:96::9:9");

    private static PacketBuilder To(Family family, IPAddress address, int port, L4 protocol) =>
        PacketBuilder.From(Ends.Of(family).Client, ClientPort).To(address, port).Over(Segments.Opening(protocol)).Payload(5);

    private ulong Refused(ServedService service)
    {
        return Program.Tables.CountsOf(service.Id).Refused;
    }
}
