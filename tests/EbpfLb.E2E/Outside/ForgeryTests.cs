using System.Net;
using System.Net.NetworkInformation;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// A neighbour of the client writes the client's address into packets that would end its connections, with numbers out of the window.
/// docs/security.md says what such a packet costs; `make attack` has the same with minutes of silence.
/// </summary>
public sealed class ForgeryTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Held = 4;
    private static int neighbours;

    public static TheoryData<string, TcpFlags, string, Family> Packets => new(
        from packet in new[]
        {
            ("SYN", TcpFlags.Syn, "open"), ("RST", TcpFlags.Rst, "reset"), ("FIN", TcpFlags.Fin | TcpFlags.Ack, "closing"),
        }
        from family in Enum.GetValues<Family>()
        select new TheoryDataRow<string, TcpFlags, string, Family>(packet.Item1, packet.Item2, packet.Item3, family));

    [Theory]
    [MemberData(nameof(Packets))]
    public void Held_connections_go_on_after_a_forged(string packet, TcpFlags flags, string phase, Family family)
    {
        foreach (var pod in (string[])["a", "c"])
        {
            var to = cluster.Publish(pod).Address(cluster, Way.NodePortOfFirst, family);
            var id = $"{packet}-{family}-{pod}";
            cluster.Probe.Do($"hold id={id} to={to} count={Held} timeout=5000");
            Eventually.True(() => Clients(to, "open").Count == Held, () => $"{Held} flows to be open:\n{cluster.Report()}");
            var clients = Clients(to, "open");
            var before = Translated();

            Forge(clients, IPEndPoint.Parse(to), flags);

            // The packets have come, and are written into the flows.
            Eventually.True(() => Translated() >= before + Held, () => $"{Held} forged packets to come:\n{cluster.Report()}");
            Eventually.True(() => Clients(to, phase).Count == Held, () => $"{Held} flows to be {phase}:\n{cluster.Report()}");
            Assert.Equal(Held, cluster.Probe.Do($"exchange id={id}").Number("answered"));
            // What goes on undoes a reset; after a FIN the flow stays closing, and carries what is sent.
            Assert.Equal(clients.Order(), Clients(to, packet == "FIN" ? "closing" : "open").Order());
            cluster.Probe.Do($"release id={id}");
        }
    }

    /// <summary>If one FIN were an end, the SYN would begin a flow with another backend, which answers the client with a reset.</summary>
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Held_connections_go_on_after_a_forged_FIN_and_a_forged_SYN(Family family)
    {
        var to = cluster.Publish("a", "b", "c", "d").Address(cluster, Way.NodePortOfFirst, family);
        cluster.Probe.Do($"hold id=both-{family} to={to} count={Held} timeout=5000");
        Eventually.True(() => Clients(to, "open").Count == Held, () => $"{Held} flows to be open:\n{cluster.Report()}");
        var clients = Clients(to, "open");

        Forge(clients, IPEndPoint.Parse(to), TcpFlags.Fin | TcpFlags.Ack);
        Eventually.True(() => Clients(to, "closing").Count == Held, () => $"{Held} flows to be closing:\n{cluster.Report()}");
        var before = Translated();
        Forge(clients, IPEndPoint.Parse(to), TcpFlags.Syn);
        Eventually.True(() => Translated() >= before + Held, () => $"{Held} forged packets to come:\n{cluster.Report()}");

        Assert.Equal(Held, cluster.Probe.Do($"exchange id=both-{family}").Number("answered"));
        cluster.Probe.Do($"release id=both-{family}");
    }

    /// <summary>Packets that the first node has translated for a backend.</summary>
    private long Translated() => Drops.Count(cluster.First, "pkt_to_local") + Drops.Count(cluster.First, "pkt_to_remote");

    /// <summary>From a namespace beside the client's, by way of the router.</summary>
    private void Forge(IEnumerable<string> clients, IPEndPoint to, TcpFlags flags)
    {
        var neighbour = cluster.Router.AddClient($"forger{Interlocked.Increment(ref neighbours)}");
        var link = new LinkHeader(AddressOf(neighbour.Place, "eth0"), AddressOf(cluster.Router.Place, $"c-{neighbour.Name}"));
        using var flood = new Flood(neighbour.Place, $"ports=0 count={Held}", [.. clients.Select(IPEndPoint.Parse).Select(client =>
            PacketBuilder.From(client.Address.ToString(), client.Port).To(to.Address, to.Port).Ethernet(link)
            .Tcp(flags, sequence: 0x1234_5678, acknowledgment: 0x1234_5678).Build())]);
        Assert.Equal(Held, flood.Wait().Sent);
    }

    /// <summary>Clients of the first node's flows to a frontend.</summary>
    private List<string> Clients(string to, string phase)
    {
        var prefix = new IPEndPoint(to[0] == '[' ? cluster.Client.IPv6 : cluster.Client.IPv4, 0).ToString()[..^1];
        return [.. cluster.First.Agent.Command("conntrack", "list", "--phase", phase).Output.Split('\n')
            .Where(line => line.Contains(to, StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(word => word.StartsWith(prefix, StringComparison.Ordinal)).Distinct()];
    }

    private static PhysicalAddress AddressOf(ProcessPlace place, string device) => NetnsThread.Run(
        place.NetnsPath!, () => NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == device).GetPhysicalAddress());
}
