using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Company;

/// <summary>
/// outside - router - two nodes. The first node has a pod whose connections netfilter masquerades as flannel would, and, from
/// <see cref="StartAgent"/> on, an agent; the second has the one backend, a process of the node itself, so that pods are masqueraded
/// towards it too.
/// </summary>
internal sealed class Bed : IDisposable
{
    public const int BackendPort = 8090;
    public const int FirstNodePort = 30_000;
    public const string OutsideName = "outside";
    public const string BackendName = "backend";

    /// <summary>
    /// Ports of the server outside: a part that begins at another one meets nothing that an earlier one left in TIME_WAIT.
    /// </summary>
    private const int FirstOutsidePort = 7000;
    private const int OutsidePorts = 16;
    private const int PortsOfService = 100;

    private static readonly string Binary =
        Environment.GetEnvironmentVariable("EBPFLB_BINARY") is { Length: > 0 } other ? other
            : Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");

    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly ManifestDirectory manifests = new();
    private readonly List<IDisposable> running = [];
    private readonly PodNetns outside;
    private readonly NodeNetns node;
    private readonly NodeNetns far;
    private AgentProcess? agent;
    private int usedOutsidePorts;

    /// <param name="nodePorts">How many NodePorts there are once the agent runs, each for TCP and UDP.</param>
    /// <param name="masqueradePorts">Which ports netfilter draws from, such as "30000-30063"; null: all that it takes by itself,
    /// 1024-65535.</param>
    public Bed(int nodePorts, string? masqueradePorts = null)
    {
        var router = topology.AddRouter();
        outside = router.AddClient("outside");
        node = topology.AddNode("n1");
        far = topology.AddNode("n2");
        router.Connect(node);
        router.Connect(far);
        var pod = node.AddPod("pod");
        XdpChoice.Prepare(router, [node, far], [outside, pod]);
        Outside = Keep(NetProbe.Start(outside.Place));
        Pod = Keep(NetProbe.Start(pod.Place));
        Host = Keep(NetProbe.Start(node.Place));
        var ports = $"{FirstOutsidePort}-{FirstOutsidePort + OutsidePorts - 1}";
        Keep(PodServer.Start(outside.Place, OutsideName, ports, ports));
        Keep(PodServer.Start(far.Place, BackendName, $"{BackendPort}", $"{BackendPort}"));
        Nft(node.Place, $$"""
            table inet cni {
              chain post {
                type nat hook postrouting priority srcnat;
                ip saddr 10.244.0.0/16 oifname eth0 meta l4proto { tcp, udp } masquerade {{(masqueradePorts is null ? "" : $"to :{masqueradePorts} ")}}fully-random
                ip6 saddr fd00:10:244::/48 oifname eth0 meta l4proto { tcp, udp } masquerade {{(masqueradePorts is null ? "" : $"to :{masqueradePorts} ")}}fully-random
              }
            }
            """);
        manifests.Put("all", [.. Services(nodePorts)]);
    }

    /// <summary>Runs outside of the cluster.</summary>
    public NetProbe Outside { get; }

    /// <summary>Runs in the pod of the first node.</summary>
    public NetProbe Pod { get; }

    /// <summary>Runs on the first node itself.</summary>
    public NetProbe Host { get; }

    public ProcessPlace OutsidePlace => outside.Place;

    /// <summary>Gives the first node its agent, and with it NodePorts.</summary>
    public void StartAgent() => agent = Keep(AgentProcess.Start(new AgentOptions(Binary, node, "--manifests", manifests.Path)
    {
        Extra = ["--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48", .. XdpChoice.Options],
    }));

    /// <summary>A port of the server outside that nobody has asked yet.</summary>
    public int NextOutsidePort() => FirstOutsidePort + usedOutsidePorts++ % OutsidePorts;

    public string ServerOutside(Family family, int port)
        => new IPEndPoint(family == Family.IPv6 ? outside.IPv6 : outside.IPv4, port).ToString();

    public string Backend(Family family) => new IPEndPoint(family == Family.IPv6 ? far.IPv6 : far.IPv4, BackendPort).ToString();

    public string NodePort(Family family, int number = 0)
        => new IPEndPoint(family == Family.IPv6 ? node.IPv6 : node.IPv4, FirstNodePort + number).ToString();

    /// <summary>How many packets the agent's programs counted for this reason; 0 while there is no agent.</summary>
    public long Packets(string reason)
    {
        var sample = Regex.Match(
            agent?.Metrics() ?? "", $$"""^ebpflb_(packets|datapath_events)_total\{.*reason="{{reason}}".*\} (?<count>[0-9]+)""",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        return sample.Success ? long.Parse(sample.Groups["count"].Value, CultureInfo.InvariantCulture) : 0;
    }

    public static string Nft(ProcessPlace place, params string[] arguments)
    {
        var (code, output) = ChildProcess.Run(place, [RepositoryPaths.Tool("nft"), .. arguments]);
        return code == 0 ? output : throw new InvalidOperationException($"nft {string.Join(' ', arguments)}: {output}");
    }

    public void Dispose()
    {
        foreach (var disposable in Enumerable.Reverse(running)) disposable.Dispose();
        topology.Dispose();
        manifests.Dispose();
    }

    private IEnumerable<ServiceManifest> Services(int nodePorts)
    {
        for (var first = 0; first == 0 || first < nodePorts; first += PortsOfService)
        {
            var number = first / PortsOfService + 1;
            var ports = Math.Min(PortsOfService, nodePorts - first);
            yield return new ServiceManifest($"svc{number}")
            {
                Type = nodePorts == 0 ? "ClusterIP" : "NodePort",
                ClusterIPs = [IPAddress.Parse($"10.96.0.{number}"), IPAddress.Parse($"fd00:10:96::{number:x}")],
                Ports =
                [
                    .. from protocol in (string[])["TCP", "UDP"]
                       from port in Enumerable.Range(0, Math.Max(1, ports))
                       select new PortManifest($"{protocol.ToLowerInvariant()}{port}", protocol, 1000 + port, BackendPort)
                       {
                           NodePort = nodePorts == 0 ? 0 : FirstNodePort + first + port,
                       },
                ],
                Endpoints = [far.IPv4, far.IPv6],
                NodeOf = _ => far.Name,
            };
        }
    }

    private T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }
}
