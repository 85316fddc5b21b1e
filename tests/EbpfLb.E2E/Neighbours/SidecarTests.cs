using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// A sidecar of a service mesh takes a pod's connections over by REDIRECT, and asks netfilter where they went to (SO_ORIGINAL_DST).
/// </summary>
public sealed class SidecarTests
{
    private const int Inbound = 15001, OwnPort = 15999;

    /// <summary>SOL_IP and SO_ORIGINAL_DST of linux/netfilter_ipv4.h.</summary>
    private const int IpLevel = 0, OriginalDestination = 80;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sidecar_sees_the_ClusterIP_where_pods_are_translated_at_their_devices(bool isAtDevices)
    {
        using var cluster = new TestCluster(new TestClusterOptions
        {
            Extra = isAtDevices ? ["--host-sockets-only", "--pod-device", "p-a,p-b"] : [],
        });
        // The other node has no pods of these names.
        if (isAtDevices)
            Assert.Contains("hostSocketsOnly is set and no device has", cluster.Second.Agent.Command("status").Output);
        var service = cluster.Publish("c");
        var to = service.Address(cluster, Way.ClusterIP, Family.IPv4);
        var pod = cluster.Pod("a");
        Redirect(pod);
        using var sidecar = NetnsListener.Listen(pod.Place.NetnsPath, new IPEndPoint(IPAddress.Any, Inbound));
        using var application = NetProbe.Start(pod.Place);

        var socket = application.Open("tcp", to);
        Assert.True(socket.Connect(to).Ok);
        using var taken = sidecar.Accept();

        Assert.Equal(isAtDevices ? to : $"{cluster.Pod("c").IPv4}:{TestNode.TargetPort}", OriginalOf(taken).ToString());
        // The sidecar's own connections are exempt, and reach the Service.
        var report = application.Load(new LoadSpec(LoadMode.Tcp, to) { Count = 1, From = $"{pod.IPv4}:{OwnPort}" });
        Assert.True(report.IsClean, report.Line);
        Assert.StartsWith("c@", Assert.Single(report.Names).Key, StringComparison.Ordinal);
    }

    private static IPEndPoint OriginalOf(Socket socket)
    {
        // struct sockaddr_in: a family, a port and an address.
        var bytes = new byte[16];
        socket.GetRawSocketOption(IpLevel, OriginalDestination, bytes);
        return new IPEndPoint(new IPAddress(bytes.AsSpan(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2)));
    }

    private static void Redirect(PodNetns pod)
    {
        var (code, text) = ChildProcess.Run(pod.Place, "sh", "-c", $"""
            {RepositoryPaths.Tool("iptables-restore")} --noflush <<'END'
            *nat
            -A OUTPUT -p tcp -m tcp --sport {OwnPort} -j RETURN
            -A OUTPUT -p tcp -j REDIRECT --to-ports {Inbound}
            COMMIT
            END
            """);
        Assert.True(code == 0, text);
    }
}
