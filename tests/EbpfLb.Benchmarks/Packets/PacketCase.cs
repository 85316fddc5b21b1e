using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>A kind of packet: what it is, which program it is given to, and where it is.</summary>
/// <param name="Meaning">In words.</param>
/// <param name="Program">Of bpf/bench/packets.bpf.c.</param>
/// <param name="Device">Where it comes in or leaves.</param>
/// <param name="Expected">What the program must answer, or the figure would be of something else.</param>
/// <param name="Packet">By family.</param>
internal sealed record PacketCase(string Meaning, string Program, Device Device, Verdict Expected, Func<Ends, PacketBuilder> Packet)
{
    /// <summary>XDP_PASS and XDP_REDIRECT.</summary>
    private const Verdict XdpPass = (Verdict)2, XdpRedirect = (Verdict)4;

    /// <summary>Without what stands in parentheses.</summary>
    public string ShortMeaning => Meaning.Split(" (")[0];

    /// <summary>The program of the row that does nothing but what the benchmark needs, at the same place.</summary>
    public string Floor => Program.StartsWith("b_xdp", StringComparison.Ordinal) ? "b_xdp_restore" : "b_restore";

    private const int Port = 61000;
    private const int ClientPort = 40000;

    public static readonly PacketCase[] All =
    [
        new("nothing", "b_empty", PacketLab.Wan, Verdict.Pass, Local),
        new("the packet put back (the floor of all rows below)", "b_restore", PacketLab.Wan, Verdict.Pass, Local),
        new("to no service, in", "b_in", PacketLab.Wan, Verdict.Pass, at => Local(at).To(at.Node, 22)),
        new("to no service, out", "b_out", PacketLab.Wan, Verdict.Pass, at => Local(at).To(at.Node, 22)),
        new("established, to another node (SNAT)", "b_in", PacketLab.Wan, Verdict.Redirect, Remote),
        new("its reply", "b_in", PacketLab.Lan, Verdict.Redirect, RemoteReply),
        new("established, to this node", "b_in", PacketLab.Wan, Verdict.Pass, Local),
        new("its reply", "b_out", PacketLab.Wan, Verdict.Pass, LocalReply),
        new("the packet put back in front of the stack (the floor of the three rows below)", "b_xdp_restore", PacketLab.Wan, XdpPass,
            Local),
        new("to no service, in front of the stack (tc gets it then)", "b_xdp", PacketLab.Wan, XdpPass, at => Local(at).To(at.Node, 22)),
        new("established, to another node, by XDP", "b_xdp", PacketLab.Wan, XdpRedirect, Remote),
        new("its reply", "b_xdp", PacketLab.Lan, XdpRedirect, RemoteReply),
        new("new flow to another node", "b_new", PacketLab.Wan, Verdict.Redirect, at => Remote(at).Tcp(TcpFlags.Syn)),
        new("new flow to this node", "b_new", PacketLab.Wan, Verdict.Pass, at => Local(at).Tcp(TcpFlags.Syn)),
    ];

    /// <summary>On a node that has tunnels of IP in IP. Of IPv4 only: what a run leaves is put back by as much.</summary>
    public static readonly PacketCase[] Tunnels =
    [
        new("the packet put back (floor)", "b_restore", PacketLab.Wan, Verdict.Pass, Local),
        new("to no service, in", "b_in", PacketLab.Wan, Verdict.Pass, at => Local(at).To(at.Node, 22)),
        new("the packet put back in front of the stack (floor)", "b_xdp_restore", PacketLab.Wan, XdpPass, Local),
        new("to no service, in front of the stack", "b_xdp", PacketLab.Wan, XdpPass, at => Local(at).To(at.Node, 22)),
        new("established, to another node in a tunnel, by XDP", "b_xdp_tunnel", PacketLab.Wan, XdpRedirect, Remote),
        new("the same of a flow without an entry (maglev)", "b_xdp_tunnel", PacketLab.Wan, XdpRedirect, Local),
        new("its first packet", "b_xdp_tunnel", PacketLab.Wan, XdpRedirect, at => Local(at).Tcp(TcpFlags.Syn)),
    ];

    /// <summary>Opens the flow that the packets of <see cref="Tunnels"/> belong to.</summary>
    public static void OpenTunnel(Ends at, Action<string, Device, PacketBuilder> run)
    {
        run("b_in", PacketLab.Wan, Remote(at).Tcp(TcpFlags.Syn));
        run("b_in", PacketLab.Wan, Remote(at));
    }

    /// <summary>Opens the flows that the established packets belong to.</summary>
    public static void OpenFlows(Ends at, Action<string, Device, PacketBuilder> run)
    {
        run("b_in", PacketLab.Wan, Remote(at).Tcp(TcpFlags.Syn));
        run("b_in", PacketLab.Lan, RemoteReply(at).Tcp(TcpFlags.Syn | TcpFlags.Ack));
        run("b_in", PacketLab.Wan, Remote(at));
        run("b_in", PacketLab.Wan, Local(at).Tcp(TcpFlags.Syn));
        run("b_out", PacketLab.Wan, LocalReply(at).Tcp(TcpFlags.Syn | TcpFlags.Ack));
        run("b_in", PacketLab.Wan, Local(at));
    }

    private static PacketBuilder Remote(Ends at) => Between(PacketBuilder.From(at.Client, ClientPort).To(at.ExternalIp, 80));

    private static PacketBuilder RemoteReply(Ends at) => Between(PacketBuilder.From(at.RemotePod, 8080).To(at.LanAddress, Port));

    private static PacketBuilder Local(Ends at) => Between(PacketBuilder.From(at.Client, ClientPort).To(at.Vip, 80));

    private static PacketBuilder LocalReply(Ends at) => Between(PacketBuilder.From(at.LocalPod, 8080).To(at.Client, ClientPort));

    private static PacketBuilder Between(PacketBuilder packet) => packet.Tcp(TcpFlags.Ack, 1001, 5001).Payload(100);
}
