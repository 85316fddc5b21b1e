using System.Net;
using System.Reflection;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Front;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>What tests of packets have in common: a fresh node, services on port 80 with backends on 8080, and a client.</summary>
public abstract class PacketTest : IClassFixture<PacketFixture>
{
    protected const int ServicePort = 80;
    protected const int NodePort = 30080;
    protected const int BackendPort = 8080;
    protected const int ClientPort = 40000;

    private protected PacketTest(PacketProgram program)
    {
        Program = program;
        var inFront = GetType().GetCustomAttribute<InFrontAttribute>(inherit: false);
        Program.HasFront = inFront is not null;
        Program.Vlans = inFront is { IsTagged: true } ? [PacketLab.Wan, PacketLab.SecondWan, PacketLab.Lan] : [];
        Program.Reset();
    }

    protected static L4[] Protocols => Enum.GetValues<L4>();

    public static TheoryData<L4, Family> Talks { get; } = Matrix(Protocols);

    public static TheoryData<L4, Family> TcpAndUdp { get; } = Matrix(L4.Tcp, L4.Udp);

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    private protected PacketProgram Program { get; }

    /// <summary>A service with all kinds of frontends.</summary>
    private protected ServedService Serve(L4 protocol, Family family, params BackendSpec[] backends) =>
        Program.Serve(Spec(protocol, family) with { Backends = backends });

    private protected static ServiceSpec Spec(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        return new ServiceSpec(
            (byte)protocol,
            new FrontendSpec(at.ClusterIp, ServicePort),
            new FrontendSpec(Any(family), NodePort, LbServiceFlag.External | LbServiceFlag.NodePort),
            new FrontendSpec(at.ExternalIp, ServicePort, LbServiceFlag.External),
            new FrontendSpec(at.Vip, ServicePort, LbServiceFlag.External | LbServiceFlag.LbVip));
    }

    private protected static IPAddress Any(Family family) => family == Family.IPv4 ? IPAddress.Any : IPAddress.IPv6Any;

    private protected static BackendSpec LocalBackend(Family family) => new(Ends.Of(family).LocalPod, BackendPort, OnThisNode: true);

    private protected static BackendSpec RemoteBackend(Family family) => new(Ends.Of(family).RemotePod, BackendPort);

    /// <summary>A packet of the client to the NodePort.</summary>
    private protected static PacketBuilder FromClient(Family family, Transport transport, int clientPort = ClientPort)
    {
        var at = Ends.Of(family);
        return PacketBuilder.From(at.Client, clientPort).To(at.Node, NodePort).Over(transport).Payload(33);
    }

    /// <summary>Runs it where packets come in; the kernel watches its own sum of the packet.</summary>
    private protected PacketResult In(PacketBuilder packet, Device? device = null) => In(packet.Build(), device);

    private protected PacketResult In(byte[] packet, Device? device = null) =>
        Verified(packet, Program.Run(LbCtHook.Ingress, packet, new SkbContext((device ?? PacketLab.Wan).Index), checksumComplete: true));

    /// <summary>The same where packets leave.</summary>
    private protected PacketResult Out(PacketBuilder packet, Device? device = null) => Out(packet.Build(), device);

    private protected PacketResult Out(byte[] packet, Device? device = null) =>
        Verified(packet, Program.Run(LbCtHook.Egress, packet, new SkbContext((device ?? PacketLab.Wan).Index), checksumComplete: true));

    /// <summary>Runs it where packets come in and the program may build an answer: no sum is kept of that.</summary>
    private protected PacketResult Answered(PacketBuilder packet, Device? device = null)
    {
        var result = Program.Ingress(packet.Build(), device);
        Assert.Empty(Problems(result.Packet));
        return result;
    }

    private protected static void Became(PacketBuilder expected, Verdict verdict, PacketResult result)
        => Became(expected.Build(), verdict, result);

    private protected static void Became(byte[] expected, Verdict verdict, PacketResult result)
    {
        var differences = PacketDifference.Of(expected, result.Packet);
        Assert.True(differences.Count == 0, $"expected -> was:\n{string.Join('\n', differences)}\nverdict {result.Verdict}");
        Assert.Equal(verdict, result.Verdict);
    }

    private protected static void Untouched(PacketBuilder sent, PacketResult result) => Became(sent, Verdict.Pass, result);

    /// <summary>The source port that a packet left with; one of the range.</summary>
    private protected int SnatPort(PacketResult result)
    {
        var port = PacketReader.Read(result.Packet).Ip.Source.Port;
        Assert.InRange(port, Program.Settings.SnatPortFirst, Program.Settings.SnatPortLast);
        return port;
    }

    /// <summary>A short conversation that begins with the packet, both ways; returns what became of that.</summary>
    private protected PacketResult Converse(L4 protocol, PacketBuilder opening)
    {
        var result = In(opening);
        var request = Program.Tables.Flows().Single(e
            => !e.IsReply && e.Source.Equals(opening.Source) && e.Destination.Equals(opening.Destination));
        AnswerTo(request, Segments.Answer(protocol));
        AgeQuestions();
        for (var i = 0; i < 2; i++)
        {
            In(opening.Over(Segments.Data(protocol)));
            AnswerTo(request, Segments.Data(protocol));
        }
        return result;
    }

    /// <summary>What the backend of the flow sends.</summary>
    private protected void AnswerTo(FlowEntry request, Transport transport)
    {
        var (from, to) = (request.ToDestination, request.ToSource);
        var reply = PacketBuilder.From(from.Address, from.Port).To(to.Address, to.Port).Over(transport);
        if (request.Flags.HasFlag(LbCtFlag.Snat)) In(reply, PacketLab.Lan);
        else Out(reply);
    }

    /// <summary>As a packet of the client leaves towards the remote backend.</summary>
    private protected static PacketBuilder Snatted(PacketBuilder sent, int port, IPAddress? backend = null)
    {
        var at = Ends.Of(sent.IsIpv6 ? Family.IPv6 : Family.IPv4);
        return sent.WithSource(at.LanAddress, port).To(backend ?? at.RemotePod, BackendPort).Forwarded();
    }

    /// <summary>Both entries of the only flow.</summary>
    private protected (FlowEntry Request, FlowEntry Reply) OnlyFlow()
    {
        var entries = Program.Tables.Flows();
        Assert.Equal(2, entries.Count);
        var request = Assert.Single(entries, e => !e.IsReply);
        var reply = Assert.Single(entries, e => e.IsReply);
        Assert.True(request.IsSiblingOf(reply), $"{request}\n{reply}");
        Assert.Equal(request.State.Phase, reply.State.Phase);
        return (request, reply);
    }

    private protected LbCtPhase Phase() => OnlyFlow().Request.Phase;

    /// <summary>Pretends that the flow's entries were last used some seconds ago.</summary>
    private protected void Age(FlowEntry entry, uint ticks = 5) =>
        Program.Tables.Put(entry with { State = entry.State with { Tick = entry.State.Tick - ticks } });

    /// <summary>Pretends that UDP flows which are not open began seconds ago: asked again now, they are conversations.</summary>
    private protected void AgeQuestions()
    {
        foreach (var entry in Program.Tables.Flows().Where(e => e.Protocol == (byte)L4.Udp && !e.IsReply && e.Phase < LbCtPhase.Open))
            Age(entry);
    }

    private protected void Counted(params (LbReason Reason, ulong Count)[] expected) =>
        Assert.Equal(expected.ToDictionary(p => p.Reason, p => p.Count), Program.Counts());

    private static PacketResult Verified(byte[] sent, PacketResult result)
    {
        if (!Problems(sent).Any()) Assert.Empty(Problems(result.Packet));
        return result;
    }

    // The checksum of an SCTP packet in an ICMP error is left as it came: see lb_icmp.h.
    private static IEnumerable<string> Problems(byte[] packet) =>
        PacketVerifier.Problems(PacketReader.Read(packet)).Where(p => !p.StartsWith("inner.sctp", StringComparison.Ordinal));

    private static TheoryData<L4, Family> Matrix(params L4[] protocols)
    {
        var data = new TheoryData<L4, Family>();
        foreach (var protocol in protocols)
        foreach (var family in Enum.GetValues<Family>())
            data.Add(protocol, family);
        return data;
    }
}
