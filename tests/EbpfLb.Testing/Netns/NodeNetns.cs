using System.Net;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>
/// A node: a namespace that routes between its pods, and a cgroup that holds everything which runs on it. Pods hang on veth pairs
/// with host routes and no bridge, as the ptp and Calico plugins do. There is no route out of the node.
/// </summary>
public sealed class NodeNetns
{
    // The same gateway on every host-side device, as Calico does: nothing depends on the pod's own range.
    private const string GatewayV4 = "169.254.1.1";
    private const string GatewayV6 = "fe80::1";

    private readonly string prefix;
    private readonly List<PodNetns> pods = [];
    private readonly List<string> sandboxes = [];

    internal NodeNetns(string prefix, string name, int index, CgroupScope cgroup)
    {
        this.prefix = prefix;
        Name = name;
        Index = index;
        Cgroup = cgroup;
        Netns = $"{prefix}-{name}";
        IPv4 = IPAddress.Parse($"172.18.0.{index + 1}");
        IPv6 = IPAddress.Parse($"fd00:172:18::{index + 1:x}");
        Place = new ProcessPlace(NetnsTopology.PathOf(Netns), cgroup.Child("host").Path);
        Create();
    }

    public string Name { get; }

    public int Index { get; }

    /// <summary>Name below /run/netns.</summary>
    public string Netns { get; }

    /// <summary>The node's own addresses. They are on the loopback device: pods reach them, and nothing beyond.</summary>
    public IPAddress IPv4 { get; }

    public IPAddress IPv6 { get; }

    /// <summary>Parent of the cgroups of the node's processes and pods: the place for an agent's hooks.</summary>
    public CgroupScope Cgroup { get; }

    /// <summary>Where host processes of the node run.</summary>
    public ProcessPlace Place { get; }

    public IReadOnlyList<PodNetns> Pods => pods;

    /// <summary>
    /// Gives the node a device on the other end of which is a router, with its addresses on it and the default route through it. To be
    /// called before pods are added. Reverse path filtering is strict, as distributions set it.
    /// </summary>
    internal void Connect(string device, string peerNetns, string peerDevice, int mtu, string gatewayV4, string gatewayV6)
    {
        if (pods.Count > 0)
            throw new InvalidOperationException("a node is connected before it gets pods: their routes name its address");
        Ip.Batch(null, $"link add {device} netns {Netns} mtu {mtu} type veth peer name {peerDevice} netns {peerNetns}");
        Ip.Batch(
            Netns,
            $"addr del {IPv4}/32 dev lo",
            $"addr del {IPv6}/128 dev lo",
            $"link set {device} up",
            $"addr add {IPv4}/24 dev {device}",
            $"addr add {IPv6}/64 dev {device} nodad",
            $"route add default via {gatewayV4} dev {device}",
            $"route add default via {gatewayV6} dev {device}");
        NetnsThread.Run(NetnsTopology.PathOf(Netns), () =>
        {
            // NodePorts and SNAT ports lie outside of it.
            File.WriteAllText("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999");
            File.WriteAllText("/proc/sys/net/ipv4/conf/all/rp_filter", "1");
        });
    }

    /// <summary>Routes the pods of another node to that node.</summary>
    internal void RoutePodsOf(NodeNetns other) => Ip.Batch(
        Netns,
        $"route add 10.244.{other.Index}.0/24 via {other.IPv4}",
        $"route add fd00:10:244:{other.Index:x}::/64 via {other.IPv6}");

    /// <summary>Runs ip with these commands on the node.</summary>
    public void Configure(params IReadOnlyList<string> commands) => Ip.Batch(Netns, commands);

    /// <summary>Adds a pod.</summary>
    /// <param name="name">At most 13 characters, since "p-NAME" is a device on the node.</param>
    /// <param name="unreachable">
    /// Prefixes that the pod cannot reach and is told so at once (EHOSTUNREACH). For the range of ClusterIPs: socket hooks rewrite
    /// before routes count, so only what they leave alone meets this, and without waiting for a time-out.
    /// </param>
    public PodNetns AddPod(string name, params IReadOnlyList<string> unreachable)
    {
        var number = pods.Count + 10;
        var (netns, place) = AddSandbox(name);
        var pod = new PodNetns(
            name, netns, IPAddress.Parse($"10.244.{Index}.{number}"), IPAddress.Parse($"fd00:10:244:{Index:x}::{number:x}"), place);
        pods.Add(pod);

        Ip.Batch(null, $"link add p-{name} netns {Netns} type veth peer name eth0 netns {netns}");
        Ip.Batch(
            Netns,
            $"link set p-{name} up",
            $"addr add {GatewayV4}/32 dev p-{name} scope link",
            $"addr add {GatewayV6}/64 dev p-{name} nodad",
            $"route add {pod.IPv4}/32 dev p-{name} src {IPv4}",
            $"route add {pod.IPv6}/128 dev p-{name} src {IPv6}");
        Ip.Batch(
            netns,
            [
                "link set lo up",
                "link set eth0 up",
                $"addr add {pod.IPv4}/32 dev eth0",
                $"addr add {pod.IPv6}/128 dev eth0 nodad",
                $"route add {GatewayV4} dev eth0 scope link",
                $"route add default via {GatewayV4} dev eth0",
                $"route add default via {GatewayV6} dev eth0",
                .. unreachable.Select(range => $"route add unreachable {range}"),
            ]);
        return pod;
    }

    /// <summary>A pod's namespace and cgroup without a device, as a container runtime makes them before it calls a CNI plugin.</summary>
    public (string Netns, ProcessPlace Place) AddSandbox(string name)
    {
        var netns = $"{Netns}-{name}";
        Ip.Batch(null, $"netns add {netns}");
        sandboxes.Add(netns);
        Sysctls(netns, forwarding: false);
        return (netns, new ProcessPlace(NetnsTopology.PathOf(netns), Cgroup.Child($"pod-{name}").Path));
    }

    /// <summary>Takes a sandbox away; what ran there is to have ended.</summary>
    public void RemoveSandbox(string netns)
    {
        sandboxes.Remove(netns);
        NetnsTopology.Delete(netns);
    }

    internal void Delete()
    {
        Cgroup.Dispose();
        foreach (var netns in sandboxes.Append(Netns))
            NetnsTopology.Delete(netns);
    }

    private void Create()
    {
        Ip.Batch(null, $"netns add {Netns}");
        Sysctls(Netns, forwarding: true);
        Ip.Batch(Netns, "link set lo up", $"addr add {IPv4}/32 dev lo", $"addr add {IPv6}/128 dev lo nodad");
    }

    /// <summary>
    /// /proc/sys/net shows the namespace of the thread that opens it. Duplicate address detection would cost a second a pod.
    /// </summary>
    internal static void Sysctls(string netns, bool forwarding) => NetnsThread.Run(NetnsTopology.PathOf(netns), () =>
    {
        Set("ipv4/ip_local_port_range", "1024 65535");
        Set("ipv6/conf/all/accept_dad", "0");
        Set("ipv6/conf/default/accept_dad", "0");
        Set("ipv6/conf/default/dad_transmits", "0");
        if (!forwarding)
            return;
        Set("ipv4/ip_forward", "1");
        Set("ipv4/conf/all/rp_filter", "0");
        Set("ipv4/conf/default/rp_filter", "0");
        Set("ipv6/conf/all/forwarding", "1");

        static void Set(string name, string value) => File.WriteAllText($"/proc/sys/net/{name}", value);
    });
}
