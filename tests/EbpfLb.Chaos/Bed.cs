using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using EbpfLb.Chaos.Faults;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos;

/// <summary>
/// outside - router - a node with an API server, a native agent that reads it, a client pod and three backend pods. Connections are held
/// through one service from the pod (socket hooks) and from outside (programs at devices), in both families.
/// </summary>
internal sealed class Bed : IDisposable
{
    public const int MostBackends = 1024;

    /// <summary>By each of the four ways.</summary>
    private const int HeldEach = 25;
    public const int HeldConnections = 4 * HeldEach;

    private static readonly string[] ClusterIPRanges = ["10.96.0.0/16", "fd00:10:96::/112"];

    /// <summary>For the agent's own repair; only how long a failing run takes depends on it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly string kubeconfig = Path.GetTempFileName();
    private readonly List<IDisposable> running = [];
    private readonly List<(NetProbe Who, string Id, string To)> held = [];
    private readonly int seed;
    private int suffered;
    private readonly List<string> losses = [];

    public Bed(int seed)
    {
        this.seed = seed;
        try
        {
            Router = Topology.AddRouter();
            Outside = Router.AddClient("outside");
            Node = Topology.AddNode();
            Router.Connect(Node);
            foreach (var range in Cluster.BalancerRanges) Router.Route(range, Node);
            Client = Node.AddPod("client", ClusterIPRanges);
            Pods = [.. ((string[])["a", "b", "c"]).Select(name => Node.AddPod(name))];
            foreach (var pod in Pods) Keep(PodServer.Start(pod.Place, pod.Name, $"{Cluster.TargetPort}", $"{Cluster.TargetPort}"));
            Api = FakeApiServer.StartAsync(new FakeApiServerOptions { Netns = Node.Place.NetnsPath, Port = 6443 }).GetAwaiter().GetResult();
            Objects = new Cluster(Api, Pods);
            Objects.Begin();
            File.WriteAllText(kubeconfig, $$"""
                apiVersion: v1
                kind: Config
                current-context: test
                contexts: [{name: test, context: {cluster: test, user: test} }]
                clusters: [{name: test, cluster: {server: "{{Api.Url}}"} }]
                users: [{name: test, user: {token: secret} }]
                """);
            Agent = Keep(AgentProcess.Start(new AgentOptions(Binary, Node, "--kubeconfig", kubeconfig) { Extra = Options }));
            Settle();
            Hold();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public static string Binary { get; } = Environment.GetEnvironmentVariable("EBPFLB_BINARY") is { Length: > 0 } other ? other
        : Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");

    public NetnsTopology Topology { get; } = NetnsTopology.Create();

    public RouterNetns Router { get; } = null!;

    public PodNetns Outside { get; } = null!;

    public NodeNetns Node { get; } = null!;

    public PodNetns Client { get; } = null!;

    public IReadOnlyList<PodNetns> Pods { get; } = [];

    /// <summary>In the client pod.</summary>
    public NetProbe PodProbe { get; private set; } = null!;

    /// <summary>At the client outside.</summary>
    public NetProbe OutsideProbe { get; private set; } = null!;

    public FakeApiServer Api { get; } = null!;

    public Cluster Objects { get; } = null!;

    public AgentProcess Agent { get; } = null!;

    private static string[] Options =>
    [
        "--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48", "--verify-period", "1s", "--tc-attach", "clsact", "--max-backends",
        MostBackends.ToString(CultureInfo.InvariantCulture),
    ];

    /// <summary>
    /// Lets it happen and waits until all is right again; returns how long that took after it was over, and how many held connections were
    /// lost or have another peer now.
    /// </summary>
    /// <exception cref="TimeoutException">It never was.</exception>
    /// <exception cref="InvalidOperationException">Connections were lost, or the fault itself did not go as it should.</exception>
    public (TimeSpan Took, long Lost) Suffer(Fault fault, bool isShort)
    {
        fault.Happen(this, new Random(unchecked(seed * 31 + suffered++)), isShort);
        var watch = Stopwatch.StartNew();
        Settle();
        var took = watch.Elapsed;
        var lost = AskHeld();
        Connect();
        if (lost == 0) return (took, lost);
        HoldAgain();
        return fault.MayLose ? (took, lost) : throw new InvalidOperationException($"{lost} held connections were lost: {Losses}");
    }

    /// <summary>What was lost by the last fault, by way.</summary>
    public string Losses => string.Join("; ", losses);

    public bool IsRight() => Wrong() is null;

    /// <summary>false also where the agent ends while it is asked.</summary>
    private bool TryIsRight()
    {
        try
        {
            return IsRight();
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>
    /// Whether an agent runs or not: no held connection is lost, and new ones through the service that all have are served.
    /// </summary>
    /// <exception cref="InvalidOperationException">Some are not.</exception>
    public void RequireServed(string when)
    {
        if (AskHeld() > 0) throw new InvalidOperationException($"{when}, held connections were lost: {Losses}");
        Connect();
    }

    /// <summary>Waits until the agent has ended, or all is right, whichever comes first.</summary>
    public void UntilKilledOrRight()
        => Eventually.True(() => Agent.HasEnded || TryIsRight(), "the agent to end, or all to be right", Limit);

    /// <summary>Waits until the agent is ready, all that it compares is equal, and its tables are those of the objects.</summary>
    public void Settle()
    {
        string? wrong = null;
        try
        {
            Eventually.True(() => (wrong = Wrong()) is null, "all to be right", Limit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"after {Limit.TotalSeconds} s still wrong: {wrong}", e);
        }
    }

    public T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }

    /// <summary>What the agent says of itself, for a fault that was not overcome.</summary>
    public string Report() => $"{Agent.Command("status").Output}\n{Agent.EndOfLog}";

    public void Dispose()
    {
        foreach (var disposable in Enumerable.Reverse(running)) disposable.Dispose();
        Api?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Topology.Dispose();
        File.Delete(kubeconfig);
    }

    /// <summary>New connections to the service that all have, from each place and in each family.</summary>
    private void Connect()
    {
        foreach (var (who, _, to) in held)
        {
            var report = who.Load(LoadMode.Tcp, to, 10);
            if (!report.IsClean) throw new InvalidOperationException($"new connections to {to}: {report.Line}");
        }
    }

    private void Hold()
    {
        var pod = PodProbe = Keep(NetProbe.Start(Client.Place));
        var outside = OutsideProbe = Keep(NetProbe.Start(Outside.Place));
        foreach (var ip in Objects.Kept.ClusterIPs) held.Add((pod, $"pod{held.Count}", new IPEndPoint(ip, Cluster.Port).ToString()));
        foreach (var ip in (IPAddress[])[Node.IPv4, Node.IPv6])
            held.Add((outside, $"outside{held.Count}", new IPEndPoint(ip, Cluster.FirstNodePort).ToString()));
        foreach (var (who, id, to) in held) who.Do($"hold id={id} to={to} count={HeldEach}");
        if (AskHeld() > 0) throw new InvalidOperationException($"held connections before any fault: {Losses}");
    }

    /// <summary>New connections in the place of those that are held.</summary>
    public void HoldAgain()
    {
        foreach (var (who, id, to) in held)
        {
            who.Do($"release id={id}");
            who.Do($"hold id={id} to={to} count={HeldEach}");
        }
    }

    private long AskHeld()
    {
        var lost = 0L;
        losses.Clear();
        foreach (var (who, id, to) in held)
        {
            var answer = who.Ask($"exchange id={id} peer={to}");
            var lostHere = answer.Ok ? Math.Max(answer.Number("failed"), answer.Number("badpeer")) : HeldEach;
            if (lostHere > 0) losses.Add($"{to}: {answer}");
            lost += lostHere;
        }
        return lost;
    }

    /// <summary>null: nothing is.</summary>
    private string? Wrong()
    {
        if (Agent.Health() is not HttpStatusCode.OK) return "the agent is not ready";
        var (code, output) = Agent.Command("verify", "--dry-run", "-o", "json");
        if (code != 0) return $"verify says {code}: {output}";
        var report = JsonDocument.Parse(output).RootElement;
        if (!report.GetProperty("compared").EnumerateArray().Any(row => row.GetProperty("stage").GetString() == "api"))
            return $"not compared with the API server: {output}";
        return Difference("backends", Objects.Backends(), Rows(Agent.Ask("/backends"), "backends", row => [row]))
            ?? Difference("frontends", Objects.Frontends(), Rows(Agent.Ask("/services"), "services", row
                => row.GetProperty("frontends").EnumerateArray()));
    }

    private static string? Difference(string what, SortedSet<string> expected, SortedSet<string> found) => expected.SetEquals(found) ? null
        : $"{what}: missing {string.Join(", ", expected.Except(found).Take(5))}; "
            + $"too many {string.Join(", ", found.Except(expected).Take(5))}";

    private static SortedSet<string> Rows(string answer, string list, Func<JsonElement, IEnumerable<JsonElement>> ends)
    {
        using var json = JsonDocument.Parse(answer);
        return new(
            from row in json.RootElement.GetProperty(list).EnumerateArray()
            let service = row.GetProperty("service").GetString()
            where service is not null && service.StartsWith("default/", StringComparison.Ordinal)
            from end in ends(row)
            let address = IPAddress.Parse(end.GetProperty("address").GetString()!)
            select $"{service}:{row.GetProperty("port").GetString()} {new IPEndPoint(address, end.GetProperty("portNumber").GetInt32())}",
            StringComparer.Ordinal);
    }
}
