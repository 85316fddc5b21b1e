using EbpfLb.E2E.Firewalls;
using EbpfLb.E2E.Migration;

namespace EbpfLb.E2E.Cni;

/// <summary>
/// With pods of the CNI plugins bridge, ptp and macvlan all ways to a Service work that kube-proxy's rules make work, and host ports of
/// portmap are the pod's but where a NodePort is the same.
/// </summary>
public abstract class WayTests(string kind)
{
    /// <summary>It is on the node's addresses by themselves; all others are on any.</summary>
    private const int PortOfAddress = 8085;

    /// <summary>Of nobody else; the number of a port of the Service; in the range of NodePorts; the Service's NodePort.</summary>
    private static readonly int[] Ports = [8081, PortOfAddress, MigrationBed.Port, 31_500, MigrationBed.NodePort];

    private static readonly (int, string)[] Answers = [.. Ports.Select(p => (p, p == MigrationBed.NodePort ? "ac" : "a"))];

    private static IReadOnlyList<HostPort> HostPorts =>
    [
        .. Ports.Where(p => p != PortOfAddress).SelectMany(p => HostPort.Both(p, MigrationBed.TargetPort)),
        .. HostPort.Both(PortOfAddress, MigrationBed.TargetPort, "172.18.0.1"),
        .. HostPort.Both(PortOfAddress, MigrationBed.TargetPort, "fd00:172:18::1"),
    ];

    /// <summary>"bridge": hairpin mode; "bridge, promiscuous": without it; "ptp".</summary>
    private CniNetwork Network => kind switch
    {
        "bridge" => new(CniNetwork.Bridge(), CniNetwork.PortMap(), CniNetwork.Firewall),
        "bridge, promiscuous" => new(CniNetwork.Bridge(isHairpin: false, isPromiscuous: true), CniNetwork.PortMap(), CniNetwork.Firewall),
        _ => new(CniNetwork.Ptp, CniNetwork.PortMap(), CniNetwork.Firewall),
    };

    [Fact]
    public void All_ways_to_a_service_and_to_host_ports_work()
    {
        var isHairpin = kind != "bridge, promiscuous";
        using (var before = new CniBed(Network, HostPorts))
        {
            before.Bed.LoadKubeProxy();
            // Who is sent back to itself by the bridge needs hairpin mode; the programs at sockets send nobody there.
            Assert.Equal(CniBed.Of(ServiceWays.Of("ac", "ac", isHairpin ? "ac" : "c", ofKubeProxy: true), Answers), before.Try(Ports));
            if (isHairpin) Assert.Equal("a", before.TryOwnHostPort(Ports[0]));
        }
        using var bed = new CniBed(Network, HostPorts);
        bed.Bed.StartAgent();

        Assert.Equal(CniBed.Of(ServiceWays.Of("ac", "ac", "ac"), Answers), bed.Try(Ports));
        if (isHairpin) Assert.Equal("a", bed.TryOwnHostPort(Ports[0]));
        Assert.Equal("ac", bed.TryOwnHostPort(MigrationBed.NodePort));
        bed.Runtime.Check(bed.Bed.Backend);
        bed.Beside.AssertInOrder("firewall.forward");
        bed.Beside.AssertInOrder("ports.masquerade");
    }
}

public sealed class BridgeWayTests() : WayTests("bridge");

public sealed class PromiscuousBridgeWayTests() : WayTests("bridge, promiscuous");

public sealed class PtpWayTests() : WayTests("ptp");

/// <summary>
/// A macvlan's pod and its own node do not reach each other by the uplink that both are on, whatever balances. But pods reach Services,
/// which kube-proxy's rules, that see nothing of such pods, do not give them.
/// </summary>
public sealed class MacvlanWayTests
{
    [Fact]
    public void Pods_beside_the_uplink_reach_services_and_the_node_reaches_what_it_does_beside_kube_proxy()
    {
        using (var before = new CniBed(new CniNetwork(CniNetwork.Macvlan)))
        {
            before.Bed.LoadKubeProxy();
            Assert.Equal(CniBed.Of(Ways("", ofKubeProxy: true)), before.Try());
        }
        using var bed = new CniBed(new CniNetwork(CniNetwork.Macvlan));
        bed.Bed.StartAgent();

        Assert.Equal(CniBed.Of(Ways("ac", ofKubeProxy: false)), bed.Try());
        bed.Runtime.Check(bed.Bed.Backend);

        static string Ways(string ofPods, bool ofKubeProxy) => ServiceWays.Of("c", ofPods, ofPods, ofKubeProxy: ofKubeProxy, node: "c");
    }
}
