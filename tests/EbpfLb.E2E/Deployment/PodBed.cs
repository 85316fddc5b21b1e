using System.Net;
using System.Text.Json.Nodes;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// What the pod of the DaemonSet needs around it: a node with a client and two backends, a client outside, and an API server that refuses
/// what the ClusterRole does not allow.
/// </summary>
internal sealed class PodBed : IAsyncDisposable
{
    private const string Token = "token-of-the-account";
    private readonly FakeAuthority authority = new();
    private readonly List<IDisposable> running = [];

    private PodBed()
    {
    }

    public NetnsTopology Topology { get; } = NetnsTopology.Create();

    public RouterNetns Router { get; private set; } = null!;

    public NodeNetns Node { get; private set; } = null!;

    /// <summary>Runs in a pod of the node; ClusterIPs that are not translated it cannot reach.</summary>
    public NetProbe Client { get; private set; } = null!;

    /// <summary>Runs outside of the cluster.</summary>
    public NetProbe Outside { get; private set; } = null!;

    /// <summary>Pods a and b, whose servers answer "NAME/PORT" at port 8080.</summary>
    public IReadOnlyList<PodNetns> Backends { get; private set; } = null!;

    public FakeApiServer Api { get; private set; } = null!;

    /// <summary>Files of the service account, by name.</summary>
    public IReadOnlyDictionary<string, string> Account
        => new Dictionary<string, string> { ["token"] = Token, ["ca.crt"] = authority.Pem, ["namespace"] = "kube-system" };

    public static async Task<PodBed> StartAsync()
    {
        var bed = new PodBed();
        try
        {
            await bed.BuildAsync();
            return bed;
        }
        catch
        {
            await bed.DisposeAsync();
            throw;
        }
    }

    /// <summary>A Service of both families with port 80 of TCP and UDP and NodePort 30080, not yet at the API server.</summary>
    public static ServiceManifest Service(params IReadOnlyList<PodNetns> backends) => new("web")
    {
        Type = "NodePort",
        ClusterIPs = [IPAddress.Parse("10.96.1.1"), IPAddress.Parse("fd00:10:96::1")],
        Ports =
        [
            new PortManifest("tcp", "TCP", 80, 8080) { NodePort = 30080 }, new PortManifest("udp", "UDP", 80, 8080) { NodePort = 30080 },
        ],
        Endpoints = [.. backends.SelectMany(pod => new[] { pod.IPv4, pod.IPv6 })],
    };

    /// <summary>The node's object, with its addresses.</summary>
    public void Apply(NodeNetns node) => Api.Apply(new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject { ["name"] = node.Name },
        ["status"] = new JsonObject
        {
            ["addresses"] = new JsonArray([.. new[] { node.IPv4, node.IPv6 }.Select(address
                => new JsonObject { ["type"] = "InternalIP", ["address"] = address.ToString() })]),
        },
    });

    public void Apply(ServiceManifest service)
    {
        foreach (var text in service.Objects) Api.Apply(text);
    }

    public T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in Enumerable.Reverse(running)) disposable.Dispose();
        if (Api is not null) await Api.DisposeAsync();
        Topology.Dispose();
        authority.Dispose();
    }

    private async Task BuildAsync()
    {
        Node = Topology.AddNode();
        Router = Topology.AddRouter();
        Router.Connect(Node);
        Client = Keep(NetProbe.Start(Node.AddPod("client", "10.96.0.0/16", "fd00:10:96::/112").Place));
        Outside = Keep(NetProbe.Start(Router.AddClient("outside").Place));
        Backends = [Node.AddPod("a"), Node.AddPod("b")];
        foreach (var pod in Backends) Keep(PodServer.Start(pod.Place, pod.Name, "8080", "8080", showPort: true));
        Api = await FakeApiServer.StartAsync(new FakeApiServerOptions
        {
            Netns = Node.Place.NetnsPath, Port = 6443, HasServiceCidrs = true,
            Certificate = authority.IssueServer(TimeSpan.FromDays(1), "127.0.0.1"),
        });
        Api.Faults.AcceptTokens(Token);
        Api.Faults.AllowOnly(KubernetesBase.Allowed.Select(rule => (rule.Verb, rule.Resource)));
    }
}
