using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>A client and a server that talk, over both ways that a flow can take; each packet is checked as it leaves.</summary>
public abstract class TalkTest : PacketTest
{
    private int snatPort;
    private (L4 Protocol, Family Family, bool Local) way;

    private protected TalkTest(PacketProgram program) : base(program)
    {
    }

    public static TheoryData<Family, bool> Ways => new(
        from family in Enum.GetValues<Family>() from local in new[] { true, false } select new TheoryDataRow<Family, bool>(family, local));

    /// <summary>The service, and the client's first packet.</summary>
    private protected ServedService Begin(L4 protocol, Family family, bool local)
    {
        way = (protocol, family, local);
        var service = Serve(protocol, family, local ? LocalBackend(family) : RemoteBackend(family));
        Client(Segments.Opening(protocol));
        return service;
    }

    private protected void One(bool client, Transport transport)
    {
        if (client) Client(transport);
        else Server(transport);
    }

    private protected void Client(Transport transport, int payload = 0)
    {
        var at = Ends.Of(way.Family);
        var sent = FromClient(way.Family, transport).Payload(payload);
        var result = In(sent);
        if (way.Local)
        {
            Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, result);
            return;
        }
        snatPort = SnatPort(result);
        Became(Snatted(sent, snatPort), Verdict.Redirect, result);
    }

    private protected void Server(Transport transport, int payload = 0)
    {
        var at = Ends.Of(way.Family);
        var answer = PacketBuilder.From(way.Local ? at.LocalPod : at.RemotePod, BackendPort).Over(transport).Payload(payload);
        if (way.Local)
        {
            answer = answer.To(at.Client, ClientPort);
            Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));
            return;
        }
        answer = answer.To(at.LanAddress, snatPort);
        Became(answer.WithSource(at.Node, NodePort).To(at.Client, ClientPort).Forwarded(), Verdict.Redirect, In(answer, PacketLab.Lan));
    }

    /// <summary>Both directions were last heard so many ticks ago.</summary>
    private protected void Age(uint ticks)
    {
        var (request, reply) = OnlyFlow();
        Age(request, ticks);
        Age(reply, ticks);
    }

    /// <summary>Connections begun and ended, by the service's counters.</summary>
    private protected (ulong Begun, ulong Ended) Connections()
    {
        var counts = Program.Tables.CountsOf(1);
        return (counts.Connections, counts.Closed);
    }
}
