using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Fuzz;

/// <summary>A packet and where it belongs.</summary>
internal sealed record CorpusPacket(byte[] Bytes, LbCtHook Hook, Device Device);

/// <summary>The packets of the matrix, of flows that are open.</summary>
internal static class Corpus
{
    private const int Port = 61000;
    private const int ClientPort = 40000;

    /// <summary>
    /// Opens a flow to this node and one to another for each protocol and family, and gives packets of all kinds of them.
    /// </summary>
    public static List<CorpusPacket> Open(PacketProgram program)
    {
        List<CorpusPacket> packets = [];
        var settings = program.Settings;
        // One port, so that the same packets come out every time.
        program.Settings = settings with { SnatPortFirst = Port, SnatPortLast = Port };
        foreach (var protocol in Enum.GetValues<L4>())
        foreach (var family in Enum.GetValues<Family>())
        {
            Serve(program, protocol, family);
            var flow = Flow(protocol, family).ToArray();
            foreach (var packet in flow.Take(6)) program.Run(packet.Hook, packet.Bytes, new SkbContext(packet.Device.Index));
            packets.AddRange(flow);
        }
        program.Settings = settings;
        return packets;
    }

    private static void Serve(PacketProgram program, L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        program.Serve(new ServiceSpec((byte)protocol, new FrontendSpec(at.Vip, 80, LbServiceFlag.External | LbServiceFlag.LbVip))
        {
            Backends = [new BackendSpec(at.LocalPod, 8080, OnThisNode: true)],
        });
        program.Serve(new ServiceSpec((byte)protocol, new FrontendSpec(at.ExternalIp, 80, LbServiceFlag.External))
        {
            Backends = [new BackendSpec(at.NarrowPod, 8080)],
        });
        program.Serve(new ServiceSpec((byte)protocol, new FrontendSpec(at.ClusterIp, 80)));
    }

    private static IEnumerable<CorpusPacket> Flow(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        var local = PacketBuilder.From(at.Client, ClientPort).To(at.Vip, 80).Over(Segments.Data(protocol)).Payload(40);
        var remote = local.To(at.ExternalIp, 80);
        var localReply = PacketBuilder.From(at.LocalPod, 8080).To(at.Client, ClientPort).Over(Segments.Data(protocol)).Payload(50);
        var remoteReply = localReply.WithSource(at.NarrowPod, 8080).To(at.LanAddress, Port);
        yield return In(local.Over(Segments.Opening(protocol)));
        yield return Out(localReply.Over(Segments.Answer(protocol)));
        yield return In(local);
        yield return In(remote.Over(Segments.Opening(protocol)));
        yield return In(remoteReply.Over(Segments.Answer(protocol)), PacketLab.Lan);
        yield return In(remote);
        yield return Out(localReply);
        yield return In(remoteReply, PacketLab.Lan);

        yield return In(local.To(at.ClusterIp, 80));
        yield return In(remote.Payload(1600));
        yield return In(remote.Hops(1));
        yield return In(local.Vlan(0, priority: 3));
        yield return In(remote.Vlan(0, priority: 3));
        yield return In(Error(at.Router, at.Vip, localReply.WithSource(at.Vip, 80)));
        yield return Out(Error(at.LocalPod, at.Client, local.To(at.LocalPod, 8080)));
        yield return In(Error(at.Router, at.LanAddress, remote.WithSource(at.LanAddress, Port).To(at.NarrowPod, 8080)), PacketLab.Lan);
        yield return In(Error(at.Router, at.ExternalIp, remoteReply.WithSource(at.ExternalIp, 80).To(at.Client, ClientPort)));
        foreach (var piece in (remote with { Id = 5 }).Payload(120).Fragments(64))
            yield return new CorpusPacket(piece, LbCtHook.Ingress, PacketLab.Wan);
        foreach (var piece in (localReply with { Id = 6 }).Payload(120).Fragments(64))
            yield return new CorpusPacket(piece, LbCtHook.Egress, PacketLab.Wan);
        if (family == Family.IPv4)
        {
            yield return In(remote.Options(1, 1, 1, 0));
            yield return Out(localReply.Options(0x94, 4, 0, 0));
            if (protocol == L4.Udp) yield return In(remote.Udp(zeroChecksum: true));
        }
        else
        {
            yield return In(remote.With(ExtensionHeader.HopByHop(), ExtensionHeader.Destination(2)));
            yield return Out(localReply.With(ExtensionHeader.Routing(), ExtensionHeader.Fragment(8)));
        }
    }

    private static PacketBuilder Error(System.Net.IPAddress from, System.Net.IPAddress to, PacketBuilder about) =>
        PacketBuilder.From(from).To(to).IcmpError(about.IsIpv6 ? (byte)1 : (byte)3, about.IsIpv6 ? (byte)4 : (byte)3, about);

    private static CorpusPacket In(PacketBuilder packet, Device? device = null)
        => new(packet.Build(), LbCtHook.Ingress, device ?? PacketLab.Wan);

    private static CorpusPacket Out(PacketBuilder packet) => new(packet.Build(), LbCtHook.Egress, PacketLab.Wan);
}
