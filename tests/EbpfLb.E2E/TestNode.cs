using System.Globalization;
using System.Net;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E;

/// <summary>
/// A node with an agent that reads a manifest directory, a client pod and three backend pods, whose servers answer
/// "NAME/PORT" on ports 8080 and 9000 to 9063 of TCP and UDP. One for all tests of a class; each test has services of its own.
/// </summary>
public sealed class TestNode : IDisposable
{
    public const int ServicePort = 80;
    public const int TargetPort = 8080;

    /// <summary>Unreachable for the client pod, so that what is not translated fails at once and cannot hang.</summary>
    private static readonly string[] ClusterIPRanges = ["10.96.0.0/16", "fd00:10:96::/112"];

    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly List<IDisposable> running = [];
    private int services;

    public TestNode()
        : this(extra: [])
    {
    }

    /// <param name="extra">Further options of the agent.</param>
    /// <param name="source">Makes the options that say where objects come from; the manifest directory unless given.</param>
    /// <param name="cgroupRoot">Name of a cgroup below the node's that is the root of the hooks; null: the node's itself.</param>
    internal TestNode(IReadOnlyList<string> extra, Func<NodeNetns, IReadOnlyList<string>>? source = null, string? cgroupRoot = null)
    {
        try
        {
            Node = topology.AddNode();
            Client = Node.AddPod("client", ClusterIPRanges);
            Probe = Keep(NetProbe.Start(Client.Place));
            Backends = [.. new[] { "a", "b", "c" }.Select(name => Node.AddPod(name))];
            foreach (var pod in Backends)
                Serve(pod);
            Agent = AgentProcess.Start(
                new AgentOptions(Binary, Node, source?.Invoke(Node) ?? ["--manifests", Manifests.Path])
                {
                    Extra = extra, CgroupRoot = cgroupRoot is null ? null : Node.Cgroup.Child(cgroupRoot),
                });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The native agent that `make agent` leaves, as nodes get it; or the one that EBPFLB_BINARY names.</summary>
    public static string Binary { get; } =
        Environment.GetEnvironmentVariable("EBPFLB_BINARY") ?? Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");

    public ManifestDirectory Manifests { get; } = new();

    public NodeNetns Node { get; }

    public PodNetns Client { get; }

    /// <summary>Runs in the client pod.</summary>
    public NetProbe Probe { get; }

    /// <summary>Pods a, b and c.</summary>
    public IReadOnlyList<PodNetns> Backends { get; }

    public AgentProcess Agent { get; }

    public NetnsTopology Topology => topology;

    /// <summary>Addresses of both families of the pods of these names.</summary>
    public IReadOnlyList<IPAddress> Addresses(params IReadOnlyList<string> names) =>
        [.. Backends.Where(pod => names.Contains(pod.Name)).SelectMany(pod => new[] { pod.IPv4, pod.IPv6 })];

    /// <summary>A dual-stack service on TCP and UDP port 80 with fresh addresses, not yet in the manifests.</summary>
    public TestService NewService(params IReadOnlyList<string> backends) => new(new ServiceManifest(Number("svc", ++services))
    {
        ClusterIPs = [IPAddress.Parse(Number("10.96.1.", services)), IPAddress.Parse($"fd00:10:96::{services:x}")],
        Ports = [new PortManifest("tcp", "TCP", ServicePort, TargetPort), new PortManifest("udp", "UDP", ServicePort, TargetPort)],
        Endpoints = Addresses(backends),
    });

    /// <summary>Puts a service into the manifests and waits until connections to it are translated or refused.</summary>
    public TestService Publish(TestService service)
    {
        Manifests.Put(service.Manifest);
        WaitUntilServed(service);
        return service;
    }

    /// <summary>A service with these backends, published.</summary>
    public TestService Publish(params IReadOnlyList<string> backends) => Publish(NewService(backends));

    /// <summary>
    /// Waits until the last frontend of the service, IPv6 UDP, answers, or refuses if there is no endpoint. From an API server
    /// a Service and its slices come one by one, and the IPv6 slice comes last.
    /// </summary>
    public void WaitUntilServed(TestService service)
    {
        var port = service.Manifest.Ports[^1].Port;
        Eventually.True(
            () =>
            {
                var report = Probe.Load(new LoadSpec(LoadMode.UdpConnected, service.Address(Family.IPv6, port)) { Count = 1 });
                return service.Manifest.Endpoints.Count > 0 ? report.Answered == 1 : report.Errors.ContainsKey("connect/ECONNREFUSED");
            },
            () => $"{service.Manifest.Name} to be programmed. Log of the agent:\n{Agent.EndOfLog}");
    }

    /// <summary>Starts the usual server in a pod.</summary>
    public PodServer Serve(PodNetns pod) =>
        Keep(PodServer.Start(pod.Place, pod.Name, $"{TargetPort},9000-9063", $"{TargetPort},9000-9063", showPort: true));

    public T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }

    public void Dispose()
    {
        foreach (var disposable in Enumerable.Reverse(running))
            disposable.Dispose();
        Agent?.Dispose();
        topology.Dispose();
        Manifests.Dispose();
    }

    private static string Number(string text, int number) => text + number.ToString(CultureInfo.InvariantCulture);
}
