using System.Net;
using EbpfLb.E2E.Firewalls;
using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Cni;

/// <summary>Pods come and go beside an agent that has programs at their devices, each with the addresses of the one before.</summary>
public sealed class ChurnTests
{
    private const int Rounds = 3, Held = 10, OwnPort = 8082, NodePort = 30_090;

    private static readonly Family[] Families = [Family.IPv4, Family.IPv6];

    [Theory]
    [InlineData("bridge")]
    [InlineData("ptp")]
    public void A_pod_with_the_addresses_of_one_that_went_is_served_and_others_keep_their_connections(string kind)
    {
        using var bed = new CniBed(
            new CniNetwork(kind == "ptp" ? CniNetwork.Ptp : CniNetwork.Bridge(), CniNetwork.PortMap(), CniNetwork.Firewall));
        bed.Bed.StartAgent("--pod-device", "veth+");
        for (var n = 3; n < CniNetwork.MostPods; n++) bed.Runtime.Add(bed.Bed.Node, $"spare{n}");
        var (pod, server) = Add(bed, 0);
        bed.Bed.Manifests.Put(ServiceOf(bed.Bed.Node, pod));
        foreach (var family in Families)
        {
            bed.Bed.Pod.Do($"hold id={family} to={MigrationBed.ToClusterIP(family)} count={Held}");
            bed.Bed.Outside.Do($"hold id={family} to={bed.Bed.ToNodePort(family)} count={Held}");
        }
        AssertServed(bed, 0);

        for (var round = 1; round <= Rounds; round++)
        {
            var before = pod;
            server.Dispose();
            bed.Runtime.Delete(pod);
            (pod, server) = Add(bed, round);
            Assert.Equal((before.IPv4, before.IPv6), (pod.IPv4, pod.IPv6));

            AssertServed(bed, round);
            foreach (var probe in (NetProbe[])[bed.Bed.Pod, bed.Bed.Outside])
                Assert.All(Families, family => Assert.Equal($"{Held}", probe.Ask($"exchange id={family}")["answered"]));
        }
        Assert.Equal(ServiceWays.Of("ac", "ac", "ac"), bed.Beside.Ways.Try());
    }

    private static (PodNetns Pod, PodServer Server) Add(CniBed bed, int round)
    {
        var pod = bed.Runtime.Add(bed.Bed.Node, $"x{round}", HostPort.Both(OwnPort, MigrationBed.TargetPort));
        return (pod, bed.Bed.Keep(PodServer.Start(pod.Place, pod.Name, $"{MigrationBed.TargetPort}", $"{MigrationBed.TargetPort}")));
    }

    /// <summary>The node, and a pod beside it, look for a neighbour's new link address only when the old one does not answer.</summary>
    private static void AssertServed(CniBed bed, int round)
    {
        var name = $"x{round}";
        foreach (var probe in (NetProbe[])[bed.Bed.Outside, bed.Bed.Pod])
            Eventually.Get(() => ServiceWays.Reached(probe, To), reached => reached == name, $"{name} by its NodePort");
        Assert.Equal(CniBed.OfHostPort(OwnPort, name), bed.TryHostPort(OwnPort));
        Eventually.Get(() => string.Join(' ', Devices(bed)), devices => devices == string.Join(' ', PodDevices(bed)),
            $"programs at {string.Join(' ', PodDevices(bed))}");

        string To(Family family)
            => new IPEndPoint(family == Family.IPv6 ? bed.Bed.Node.IPv6 : bed.Bed.Node.IPv4, NodePort).ToString();
    }

    /// <summary>Devices of pods that have programs, as the agent says.</summary>
    private static IEnumerable<string> Devices(CniBed bed) => bed.Bed.Agent.Json("status").GetProperty("devices").EnumerateArray()
        .Where(d => d.GetProperty("role").GetString() == "pod").Select(d => d.GetProperty("name").GetString()!).Order();

    private static IEnumerable<string> PodDevices(CniBed bed) => bed.Bed.Run("ip", "-o", "link", "show", "type", "veth").Split('\n')
        .Select(line => line.Split(' ', '@')).Where(words => words.Length > 1 && words[1].StartsWith("veth", StringComparison.Ordinal))
        .Select(words => words[1]).Order();

    private static ServiceManifest ServiceOf(NodeNetns node, PodNetns pod) => new("x")
    {
        Type = "NodePort",
        ClusterIPs = [IPAddress.Parse("10.96.0.20"), IPAddress.Parse("fd00:10:96::14")],
        Ports =
        [
            new PortManifest("tcp", "TCP", MigrationBed.Port, MigrationBed.TargetPort) { NodePort = NodePort },
            new PortManifest("udp", "UDP", MigrationBed.Port, MigrationBed.TargetPort) { NodePort = NodePort },
        ],
        Endpoints = [pod.IPv4, pod.IPv6],
        NodeOf = _ => node.Name,
    };
}
