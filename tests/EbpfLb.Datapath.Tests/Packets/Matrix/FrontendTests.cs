using EbpfLb.Datapath.Node;
using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>docs/contract.md 4, 5, 7 and 8: which list, which source address, and what becomes of who may not or finds nobody.</summary>
public class FrontendTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    public enum Kind
    {
        ClusterIp,
        NodePort,
        ExternalIp,
        Vip,
    }

    public enum Sender
    {
        Outside,
        Node,
        Pod,
    }

    /// <summary>Where a first packet goes.</summary>
    public enum Fate
    {
        LocalKeepsSource,
        RemoteKeepsSource,
        RemoteSnat,
        Rejected,
        Dropped,
        Passed,
    }

    public static TheoryData<Kind, Family> Kinds => new(
        from kind in Enum.GetValues<Kind>() from family in Enum.GetValues<Family>() select new TheoryDataRow<Kind, Family>(kind, family));

    /// <summary>The matrix of docs/contract.md 5.2, with one backend elsewhere and none here.</summary>
    public static TheoryData<Kind, bool, Sender, Fate> Policies => new(
        (Kind.ClusterIp, false, Sender.Pod, Fate.RemoteKeepsSource),
        (Kind.ClusterIp, false, Sender.Node, Fate.RemoteSnat),
        (Kind.ClusterIp, false, Sender.Outside, Fate.RemoteSnat),
        (Kind.ClusterIp, true, Sender.Pod, Fate.Dropped),
        (Kind.ClusterIp, true, Sender.Node, Fate.Dropped),
        (Kind.ClusterIp, true, Sender.Outside, Fate.Dropped),
        (Kind.NodePort, false, Sender.Pod, Fate.RemoteSnat),
        (Kind.NodePort, false, Sender.Node, Fate.RemoteSnat),
        (Kind.NodePort, false, Sender.Outside, Fate.RemoteSnat),
        (Kind.NodePort, true, Sender.Pod, Fate.RemoteKeepsSource),
        (Kind.NodePort, true, Sender.Node, Fate.RemoteSnat),
        (Kind.NodePort, true, Sender.Outside, Fate.Dropped),
        (Kind.ExternalIp, false, Sender.Outside, Fate.RemoteSnat),
        (Kind.ExternalIp, true, Sender.Pod, Fate.RemoteKeepsSource),
        (Kind.ExternalIp, true, Sender.Node, Fate.RemoteSnat),
        (Kind.ExternalIp, true, Sender.Outside, Fate.Dropped),
        (Kind.Vip, false, Sender.Outside, Fate.RemoteSnat),
        (Kind.Vip, true, Sender.Pod, Fate.RemoteKeepsSource),
        (Kind.Vip, true, Sender.Node, Fate.RemoteSnat),
        (Kind.Vip, true, Sender.Outside, Fate.Dropped));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_frontend_leads_to_the_backend(Kind kind, Family family)
    {
        foreach (var protocol in Protocols)
        {
            Program.Reset();
            Serve(protocol, family, LocalBackend(family));
            Assert.Equal(Fate.LocalKeepsSource, FateOf(Send(kind, family, Sender.Outside, protocol)));
        }
    }

    [Contract("8", "Local list empty, endpoints elsewhere: dropped; pods and the node have the Cluster list outside")]
    [Theory]
    [MemberData(nameof(Policies))]
    public void Traffic_policy_with_no_backend_here(Kind kind, bool local, Sender sender, Fate fate)
    {
        foreach (var family in Enum.GetValues<Family>())
        {
            Program.Reset();
            Program.Serve(Spec(L4.Tcp, family) with
            {
                Backends = [RemoteBackend(family)],
                Flags = local ? LbServiceFlag.Local | LbServiceFlag.Remote : default,
            });
            var (sent, result) = Send(kind, family, sender, L4.Tcp);
            Assert.Equal(fate, FateOf((sent, result)));
            Counted(fate == Fate.Dropped
                ? [(LbReason.DropNoLocal, 1)]
                : [(LbReason.PktNew, 1), (LbReason.PktToRemote, 1)]);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Local_policy_takes_backends_of_this_node_only(Kind kind, Family family)
    {
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [RemoteBackend(family), LocalBackend(family)], Flags = LbServiceFlag.Local });

        for (var i = 0; i < 20; i++)
            Assert.Equal(Fate.LocalKeepsSource, FateOf(Send(kind, family, Sender.Outside, L4.Tcp, ClientPort + i)));
    }

    [Contract("8", "no usable endpoint anywhere: refused at every kind of address, whatever the policy")]
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nobody_serves_is_said_at_once(Kind kind, Family family)
    {
        foreach (var local in new[] { false, true })
        {
            Program.Reset();
            Program.Serve(Spec(L4.Tcp, family) with { Flags = local ? LbServiceFlag.Local : default });

            Assert.Equal(Fate.Rejected, FateOf(Send(kind, family, Sender.Outside, L4.Tcp)));

            Assert.Empty(Program.Tables.Flows());
            Counted((LbReason.PktRejected, 1));
        }
    }

    [Contract("5.3", "note 2: no detector: no SNAT to ClusterIPs, no short circuit for pods")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Without_a_detector_a_pod_is_as_anybody_outside(Family family)
    {
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [RemoteBackend(family)], Flags = LbServiceFlag.Local | LbServiceFlag.Remote });
        Program.Settings = Program.Settings with { Flags = (uint)LbSetting.SetEvents };

        Assert.Equal(Fate.Dropped, FateOf(Send(Kind.NodePort, family, Sender.Pod, L4.Tcp)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Without_a_detector_nothing_to_a_cluster_IP_is_masqueraded(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { Flags = (uint)LbSetting.SetEvents };

        foreach (var sender in Enum.GetValues<Sender>())
            Assert.Equal(Fate.RemoteKeepsSource, FateOf(Send(Kind.ClusterIp, family, sender, L4.Tcp)));
    }

    [Contract("5.3", "ClusterCIDR: the ranges of each family (kube-proxy: one); none, no detector")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_pod_is_told_by_any_of_the_ranges(Family family)
    {
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [RemoteBackend(family)], Flags = LbServiceFlag.Local | LbServiceFlag.Remote });
        var settings = Program.Settings;
        for (var i = 0; i < NodeSettings.MostPodRanges - 1; i++)
            AbiAddress.SetPods(ref settings, i, $"172.{16 + i}.0.0/16", $"fd00:{i}:1::/48");
        Program.Settings = settings;
        Assert.Equal(Fate.RemoteKeepsSource, FateOf(Send(Kind.NodePort, family, Sender.Pod, L4.Tcp)));
        Assert.Equal(Fate.Dropped, FateOf(Send(Kind.NodePort, family, Sender.Outside, L4.Tcp)));

        Program.Reset();
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [RemoteBackend(family)], Flags = LbServiceFlag.Local | LbServiceFlag.Remote });
        AbiAddress.SetPods(ref settings, NodeSettings.MostPodRanges - 1, "10.245.0.0/16", "fd00:245::/32");
        Program.Settings = settings;
        Assert.Equal(Fate.Dropped, FateOf(Send(Kind.NodePort, family, Sender.Pod, L4.Tcp)));
    }

    [Contract("5.3", "note 7: by address, but for detectors by device")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_pod_is_told_by_its_device_where_that_is_asked_for(Family family)
    {
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [RemoteBackend(family)], Flags = LbServiceFlag.Local | LbServiceFlag.Remote });
        Program.Settings = Program.Settings with { Flags = (uint)LbSetting.SetPodsDevice };

        Assert.Equal(Fate.RemoteKeepsSource, FateOf(Send(Kind.NodePort, family, Sender.Pod, L4.Tcp)));
        Assert.Equal(Fate.Dropped, FateOf(Send(Kind.NodePort, family, Sender.Outside, L4.Tcp)));
    }

    [Contract("5.2", "note 3: masqueradeAll is for ClusterIPs")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Masquerade_all_is_for_cluster_IPs(Family family)
    {
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [RemoteBackend(family)], Flags = LbServiceFlag.Local | LbServiceFlag.Remote });
        Program.Settings = Program.Settings with { Flags = Program.Settings.Flags | (uint)LbSetting.SetMasqueradeAll };
        Assert.Equal(Fate.RemoteKeepsSource, FateOf(Send(Kind.Vip, family, Sender.Pod, L4.Tcp)));

        Program.Reset();
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { Flags = Program.Settings.Flags | (uint)LbSetting.SetMasqueradeAll };
        Assert.Equal(Fate.RemoteSnat, FateOf(Send(Kind.ClusterIp, family, Sender.Pod, L4.Tcp)));
    }

    [Contract("7", "only LB addresses: ClusterIP, external IP and NodePort stay open")]
    [Theory]
    [MemberData(nameof(Talks))]
    public void Only_sources_of_the_ranges_may_use_a_VIP(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Program.Serve(new ServiceSpec((byte)protocol, new FrontendSpec(at.Vip, ServicePort, LbServiceFlag.External | LbServiceFlag.LbVip))
        {
            Backends = [LocalBackend(family)],
            Ranges = family == Family.IPv4 ? ["198.51.100.8/30", "10.244.0.0/16"] : ["2001:db8:99::8/126", "fd00:244::/32"],
        });

        Assert.Equal(Fate.LocalKeepsSource, FateOf(Send(Kind.Vip, family, Sender.Outside, protocol)));
        Assert.Equal(Fate.Dropped, FateOf(Send(Kind.Vip, family, Sender.Node, protocol)));
        Counted((LbReason.PktNew, 1), (LbReason.PktToLocal, 1), (LbReason.DropRange, 1));
        var told = Assert.Single(Program.Events());
        Assert.Equal(
            (LbReason.DropRange, at.Router, at.Vip, (uint)PacketLab.Pods.Index),
            ((LbReason)told.Reason, AbiAddress.From(told.Src), AbiAddress.From(told.Dst), told.Ifindex));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_node_port_answers_on_the_addresses_that_allow_it(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, LocalBackend(family));
        Program.Tables.PutNodeAddress(at.LanAddress, default);
        var sent = FromClient(family, Segments.Opening(L4.Tcp));

        Untouched(sent.To(at.LanAddress, NodePort), In(sent.To(at.LanAddress, NodePort)));
        Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, In(sent.To(PacketLab.SecondWan.Address(family), NodePort)));
    }

    [Contract("4", "NodePort: behind every exact address; externalTrafficPolicy, no ranges")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_frontend_with_the_address_of_a_node_comes_before_its_node_ports(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Serve(new ServiceSpec(
            (byte)L4.Tcp, new FrontendSpec(at.Node, NodePort, LbServiceFlag.External)) { Backends = [LocalBackend(family)] });
        var sent = FromClient(family, Segments.Opening(L4.Tcp));

        Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, In(sent));
    }

    [Contract("4.1", "loopback packets from outside to 127/8: dropped")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Nobody_outside_reaches_a_node_port_by_a_loopback_address(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        Program.Settings = Program.Settings with
        {
            Flags = Program.Settings.Flags | (uint)(LbSetting.SetLoopback4 | LbSetting.SetLoopback6),
        };
        var sent = FromClient(family, Segments.Opening(L4.Tcp))
            .To(family == Family.IPv4 ? IPAddress.Loopback : IPAddress.IPv6Loopback, NodePort);

        Became(sent, Verdict.Drop, In(sent));

        Counted((LbReason.DropLoopback, 1));
    }

    /// <summary>NodePorts are kept by it.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void The_address_0_is_nobodys_NodePort(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        var sent = FromClient(family, Segments.Opening(L4.Tcp)).To(Any(family), NodePort);

        Untouched(sent, In(sent));

        Assert.Empty(Program.Tables.Flows());
    }

    private (PacketBuilder Sent, PacketResult Result) Send(
        Kind kind, Family family, Sender sender, L4 protocol, int clientPort = ClientPort)
    {
        var at = Ends.Of(family);
        var source = sender switch
        {
            Sender.Pod => at.LocalPod,
            // Of the node, as it comes in where pods are: an address that only this test says is the node's.
            Sender.Node => at.Router,
            _ => at.Client,
        };
        if (sender == Sender.Node) Program.Tables.PutNodeAddress(at.Router, default);
        var (address, port) = kind switch
        {
            Kind.ClusterIp => (at.ClusterIp, ServicePort),
            Kind.ExternalIp => (at.ExternalIp, ServicePort),
            Kind.Vip => (at.Vip, ServicePort),
            _ => (at.Node, NodePort),
        };
        var sent = PacketBuilder.From(source, clientPort).To(address, port).Over(Segments.Opening(protocol)).Payload(5);
        return (sent, Answered(sent, sender == Sender.Outside ? PacketLab.Wan : PacketLab.Pods));
    }

    private Fate FateOf((PacketBuilder Sent, PacketResult Result) run)
    {
        var (sent, result) = run;
        var at = Ends.Of(sent.IsIpv6 ? Family.IPv6 : Family.IPv4);
        if (result.Verdict == Verdict.Drop) return Fate.Dropped;
        if (sent.Build().AsSpan().SequenceEqual(result.Packet)) return Fate.Passed;
        var became = PacketReader.Read(result.Packet).Ip;
        if (became.Destination.Address.Equals(sent.Source.Address)) return Fate.Rejected;
        if (became.Destination.Address.Equals(at.LocalPod))
        {
            Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, result);
            return Fate.LocalKeepsSource;
        }
        if (became.Source.Address.Equals(sent.Source.Address))
        {
            Became(sent.To(at.RemotePod, BackendPort), Verdict.Pass, result);
            return Fate.RemoteKeepsSource;
        }
        Became(Snatted(sent, SnatPort(result)), Verdict.Redirect, result);
        return Fate.RemoteSnat;
    }
}
