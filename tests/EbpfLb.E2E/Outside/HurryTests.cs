using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// One client that connects, asks and is closed by the server as fast as it can: the backend holds thousands of sockets in
/// TIME_WAIT, and each next connection has to be taken for a new one. There are more than the client has ports, and the node source
/// ports.
/// </summary>
public sealed class HurryTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Connections = 40_000;

    [Theory]
    [InlineData("c", Family.IPv4)]
    [InlineData("c", Family.IPv6)]
    [InlineData("a", Family.IPv4)]
    public void No_SYN_of_a_client_in_a_hurry_is_sent_twice(string pod, Family family)
    {
        var to = cluster.Publish(pod).Address(cluster, Way.NodePortOfFirst, family);
        var before = SynRetransmits(cluster.Client);

        cluster.Probe.Do($"time-requests to={to} and={to} count={Connections / 2}");

        // A few may be lost on a machine that has too much to do.
        Assert.InRange(SynRetransmits(cluster.Client) - before, 0, Connections / 1000);
    }

    private static long SynRetransmits(PodNetns place)
    {
        var (_, output) = ChildProcess.Run(place.Place, "cat", "/proc/net/netstat");
        var rows = output.Split('\n').Where(line
            => line.StartsWith("TcpExt:", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToArray();
        return long.Parse(rows[1][Array.IndexOf(rows[0], "TCPSynRetrans")], System.Globalization.CultureInfo.InvariantCulture);
    }
}
