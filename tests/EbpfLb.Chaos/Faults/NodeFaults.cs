using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Chaos.Faults;

/// <summary>Devices come, go and lose their carrier; a pod gets another cgroup.</summary>
internal static class NodeFaults
{
    public static IReadOnlyList<Fault> All { get; } = [new("devices", Devices), new("cgroup", Cgroup)];

    private static void Devices(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 3 : 30); i++)
        {
            switch (random.Next(4))
            {
                case 0:
                    bed.Node.Configure("link add flap0 type veth peer name flap1", "link set flap0 up", "link set flap1 up");
                    bed.Node.Configure("link del flap0");
                    break;
                case 1:
                    // The carrier of the uplink.
                    bed.Router.Configure($"link set {bed.Node.Name} down");
                    bed.Router.Configure($"link set {bed.Node.Name} up");
                    break;
                case 2:
                    Pod(bed, bed.Pods[random.Next(bed.Pods.Count)]);
                    break;
                default:
                    bed.Node.Configure("addr add 192.0.2.77/32 dev eth0", "addr add 2001:db8:77::1/128 dev eth0 nodad");
                    bed.Node.Configure("addr del 192.0.2.77/32 dev eth0", "addr del 2001:db8:77::1/128 dev eth0");
                    break;
            }
            bed.Objects.Change(random, 3);
        }
    }

    /// <summary>The node's end of a pod's device, with what the kernel forgets then.</summary>
    private static void Pod(Bed bed, PodNetns pod) => bed.Node.Configure(
        $"link set p-{pod.Name} down",
        $"link set p-{pod.Name} up",
        $"addr replace fe80::1/64 dev p-{pod.Name} nodad",
        $"route replace {pod.IPv4}/32 dev p-{pod.Name} src {bed.Node.IPv4}",
        $"route replace {pod.IPv6}/128 dev p-{pod.Name} src {bed.Node.IPv6}");

    /// <summary>
    /// The cgroup of a pod is removed and made again, with another id, as when it is restarted: its connections are translated at once. The
    /// cgroup root cannot be removed while anything runs below it.
    /// </summary>
    private static void Cgroup(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 5); i++)
        {
            var again = bed.Node.Cgroup.Child("again");
            using (var probe = NetProbe.Start(bed.Client.Place with { CgroupPath = again.Path }))
            {
                foreach (var ip in bed.Objects.Kept.ClusterIPs)
                {
                    var report = probe.Load(LoadMode.Tcp, new System.Net.IPEndPoint(ip, Cluster.Port).ToString(), 5);
                    if (!report.IsClean) throw new InvalidOperationException($"from a cgroup that is new: {report.Line}");
                }
            }
            again.Dispose();
            bed.Objects.Change(random, 5);
        }
    }
}
