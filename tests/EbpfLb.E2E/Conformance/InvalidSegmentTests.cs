using System.Net;
using System.Net.Sockets;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>
/// A server sends what no connection of it expects (conntrack.go). Where that is not translated, the client sees the pod's address and
/// answers with a reset that ends the connection.
/// </summary>
[Trait("needs", "tcpdump")]
[Collection(typeof(ConformanceCollection))]
public sealed class InvalidSegmentTests(ConformanceCluster lab)
{
    private readonly TestCluster cluster = lab.Cluster;

    [Contract("8", "packets of no flow: no reset reaches a client")]
    [Theory]
    [InlineData(Way.NodePortOfFirst)]
    [InlineData(Way.LoadBalancerIP)]
    [InlineData(Way.ClusterIP)]
    public void A_segment_out_of_the_window_ends_no_connection(Way way)
    {
        var service = lab.Publish(["a"]);
        var to = service.Address(cluster, way, Family.IPv4);
        var socket = cluster.Probe.Open("tcp", to);
        Assert.True(socket.Connect(to).Ok);
        Assert.True(socket.Request().Ok);
        using var dump = ChildProcess.Start(
            cluster.Client.Place, [RepositoryPaths.Tool("tcpdump"), "-i", "eth0", "-nn", "-l", "--immediate-mode", "-s", "256", "tcp"]);
        Eventually.True(() => dump.Output.Contains("listening on", StringComparison.Ordinal), "tcpdump to listen");

        foreach (var sequence in (uint[])[1, 1u << 31])
            SendFromPod(service.Manifest.Ports[0].TargetPort, IPEndPoint.Parse(socket.Local), sequence);
        Eventually.True(() => Lines().Count() >= 2, () => $"both segments to arrive:\n{dump.Output}");
        var answer = socket.Request();

        Assert.True(answer.Ok, answer.Line);
        dump.Signal(2);
        dump.WaitForExit();
        var from = IPEndPoint.Parse(to);
        Assert.All(Lines(), line => Assert.Contains($" IP {from.Address}.{from.Port} > ", line, StringComparison.Ordinal));
        Assert.DoesNotContain("Flags [R", dump.Output, StringComparison.Ordinal);
        socket.Close();

        IEnumerable<string> Lines() => dump.Output.Split('\n').Where(line => line.Contains("length 1234", StringComparison.Ordinal));
    }

    /// <summary>As if its server had sent it on the connection of this client.</summary>
    private void SendFromPod(int port, IPEndPoint client, uint sequence)
    {
        var pod = cluster.Pod("a");
        var packet = PacketBuilder.From(pod.IPv4, port).To(client.Address, client.Port).NoEthernet()
            .Tcp(TcpFlags.Ack | TcpFlags.Psh, sequence, 1).Payload(1234).Build();
        NetnsThread.Run(pod.Place.NetnsPath!, () =>
        {
            using var raw = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw);
            raw.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.HeaderIncluded, true);
            raw.SendTo(packet, new IPEndPoint(client.Address, 0));
        });
    }
}
