using System.Text.Json.Nodes;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>
/// A cluster whose tests ask in words: who ("a" to "d": a pod; "n1", "n2": a process of that node; "client": outside of the cluster) gets
/// what answer. One for all tests of this folder; each has services of its own.
/// </summary>
public sealed class ConformanceCluster : IDisposable
{
    /// <summary>Of four equal backends one is missed by chance once in 8 million runs.</summary>
    private const int Requests = 60;
    private const int Batch = 10;

    private const int FirstPort = 8100;
    private const int LastPort = 8499;

    /// <summary>How long nobody's answer is waited for. What answers does so in microseconds, if it gets a CPU.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, NetProbe> probes = [];
    private int services;

    public ConformanceCluster()
    {
        foreach (var pod in Cluster.Pods)
        {
            probes[pod.Name] = Cluster.Keep(NetProbe.Start(pod.Place));
            Cluster.Keep(PodServer.Start(pod.Place, pod.Name, $"{FirstPort}-{LastPort}", $"{FirstPort}-{LastPort}", showClient: true));
        }
        (probes["n1"], probes["n2"], probes["client"]) = (Cluster.First.Host, Cluster.Second.Host, Cluster.Probe);
    }

    public static Family[] Families { get; } = [Family.IPv4, Family.IPv6];

    public TestCluster Cluster { get; } = new();

    public ManifestDirectory Manifests => Cluster.Manifests;

    public NetProbe Probe(string who) => probes[who];

    /// <summary>A service with these pods as endpoints, changed, in the manifests and on both nodes.</summary>
    public OutsideService Publish(string[] pods, Func<ServiceManifest, ServiceManifest>? change = null)
    {
        var service = NewService(pods);
        return Cluster.Publish(service with { Manifest = change?.Invoke(service.Manifest) ?? service.Manifest });
    }

    /// <summary>
    /// A service with these pods as endpoints, not yet in the manifests. On a port of theirs that no other service uses: a client that
    /// reached an endpoint through another node by packet must not ask the same endpoint by socket from the same port while that flow is
    /// remembered.
    /// </summary>
    public OutsideService NewService(params IReadOnlyList<string> pods)
    {
        var service = Cluster.NewService(pods);
        var target = FirstPort + ++services;
        return service with
        {
            Manifest = service.Manifest with { Ports = [.. service.Manifest.Ports.Select(port => port with { TargetPort = target })] },
        };
    }

    /// <summary>Puts objects into the manifests that no <see cref="ServiceManifest"/> can say.</summary>
    public void Put(string file, params IEnumerable<JsonNode> objects) =>
        Manifests.PutText(file, string.Concat(objects.Select(json => $"---\n{json.ToJsonString()}\n")));

    /// <summary>
    /// "a c": the pods that answered, in order; "a@10.0.0.1 c@10.0.0.1" with the client's address as they saw it; "ECONNREFUSED",
    /// "ETIMEDOUT" and so on when the first request failed; the whole report when another did.
    /// </summary>
    public string Ask(string who, string to, LoadMode mode = LoadMode.Tcp, bool isAddressShown = false)
    {
        var first = Once(who, to, mode);
        if (first.Length > 0) return first;
        var names = new SortedSet<string>(StringComparer.Ordinal);
        // Not all at once: where every request is waited for without success that would take a minute.
        for (var left = Requests; left > 0; left -= Batch)
        {
            var report = Probe(who).Load(new LoadSpec(mode, to) { Count = Batch });
            if (!report.IsClean) return report.Line;
            names.UnionWith(report.Names.Keys.Select(name => isAddressShown ? name : name.Split('@')[0]));
        }
        return string.Join(' ', names);
    }

    /// <summary>Waits until everyone gets this answer.</summary>
    public void Until(string expected, string to, LoadMode mode, params IReadOnlyList<string> who) => Together(who, one =>
    {
        var last = "";
        Eventually.True(() => (last = Ask(one, to, mode)) == expected,
            () => $"{one} to get {expected} from {to} by {mode}; the last answer was: {last}");
    });

    /// <summary>Waits until nobody answers.</summary>
    public void UntilGone(string to, LoadMode mode, params IReadOnlyList<string> who) => Together(who, one =>
        Eventually.True(() => Once(one, to, mode).Length > 0, () => $"{one} to get no answer from {to} by {mode} any more"));

    public void Dispose() => Cluster.Dispose();

    /// <summary>Each asks by a process of its own, and most of the time is spent waiting for what does not answer.</summary>
    private static void Together(IEnumerable<string> who, Action<string> act) =>
        Task.WaitAll([.. who.Select(one
            => Task.Factory.StartNew(() => act(one), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);

    /// <summary>"" when one request was answered, else why not.</summary>
    private string Once(string who, string to, LoadMode mode)
    {
        var why = Why(Limit);
        // Silence is believed when it is heard twice.
        return why == "ETIMEDOUT" ? Why(2 * Limit) : why;

        string Why(TimeSpan limit)
        {
            var report = Probe(who).Load(new LoadSpec(mode, to) { Count = 1, Timeout = limit });
            return report.Failed > 0 ? report.Errors.Keys.Single().Split('/')[1] : "";
        }
    }
}
