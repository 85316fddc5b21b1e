using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Soak;

/// <summary>
/// `make soak`: a native agent with real maps follows an API server whose objects change all the time, and is looked at every minute.
/// MINUTES, SERVICES, RATE (changes a second) and SEED are variables; OPTIONS has more options of the agent, such as smaller maps.
/// </summary>
internal sealed class SoakRun : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    private static readonly string[] Shown =
    [
        "changes_per_second", "rss_mib", "anon_mib", "fds", "threads", "arrival_p50_ms", "arrival_p99_ms", "arrival_max_ms", "round_p50_ms",
        "cpu_percent", "entries_lb_services4", "entries_lb_backends", "entries_lb_slots", "largest_hole", "holes", "largest_service_id",
        "largest_backend_id", "not_programmed", "load",
    ];

    private readonly int minutes = Variable("MINUTES", 5);
    private readonly int services = Variable("SERVICES", 50_000);
    private readonly int rate = Variable("RATE", 100);
    private readonly int seed = Variable("SEED", Random.Shared.Next(1, 1_000_000));
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly string kubeconfig = Path.GetTempFileName();
    private readonly List<SoakSample> samples = [];
    private readonly string output = Path.Combine(RepositoryPaths.Root, "build", "soak");
    private FakeApiServer? api;

    public static async Task<int> RunAsync()
    {
        using var run = new SoakRun();
        return await run.GoAsync() ? 0 : 1;
    }

    public void Dispose()
    {
        api?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        topology.Dispose();
        File.Delete(kubeconfig);
    }

    private async Task<bool> GoAsync()
    {
        var node = topology.AddNode();
        api = await FakeApiServer.StartAsync(new FakeApiServerOptions
        {
            Netns = node.Place.NetnsPath, Port = 6443, BookmarkInterval = TimeSpan.FromSeconds(10),
            StreamingLists = StreamingListSupport.Supported,
        });
        var cluster = new SoakCluster(api, services, seed);
        await File.WriteAllTextAsync(kubeconfig, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test} }]
            clusters: [{name: test, cluster: {server: "{{api.Url}}"} }]
            users: [{name: test, user: {token: secret} }]
            """);
        var options = Environment.GetEnvironmentVariable("OPTIONS") ?? "";
        using var agent = AgentProcess.Start(new AgentOptions(Binary, node, "--kubeconfig", kubeconfig)
        {
            Extra = options.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        });
        using var holes = new SlotHoles(agent.Instance);
        Console.WriteLine($"seed {seed}, {services} services, {rate} changes a second, {minutes} minutes, "
            + $"options: {(options.Length == 0 ? "none" : options)}; load {(await File.ReadAllTextAsync("/proc/loadavg")).Trim()}");
        Console.WriteLine(string.Join(',', (string[])["minute", .. Shown]));
        await ChurnAsync(agent, cluster, holes);
        var isEqual = Verify(agent);
        Save();
        return SoakVerdict.Judge(samples) & isEqual;
    }

    private async Task ChurnAsync(AgentProcess agent, SoakCluster cluster, SlotHoles holes)
    {
        using var end = new CancellationTokenSource();
        var timed = Math.Max(rate / 10, 1);
        var arrivals = new Arrivals();
        var timing = Task.Factory.StartNew(
            () => Time(cluster, holes, arrivals, timed, end.Token), end.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var watch = Stopwatch.StartNew();
        var (changes, counted, minute) = (0L, 0L, 1);
        var (before, last) = (new Exposition(agent.Metrics()), watch.Elapsed);
        while (minute <= minutes)
        {
            if (timing.IsFaulted) await timing;
            var due = (long)(watch.Elapsed.TotalSeconds * (rate - timed));
            for (; changes < due; changes++)
            {
                if (changes % (10 * rate) == 0) cluster.ChangeLarge();
                else cluster.Change();
            }
            if (watch.Elapsed.TotalMinutes >= minute)
            {
                api!.Compact(keep: 20_000);
                var now = new Exposition(agent.Metrics());
                var (took, elapsed) = (arrivals.Take(), watch.Elapsed);
                var seconds = (elapsed - last).TotalSeconds;
                samples.Add(SoakSample.Read(minute, agent, now, before, holes, took, seconds, (int)(changes - counted) + took.Count));
                Print(samples[^1]);
                Save();
                (before, last, counted) = (now, elapsed, changes);
                minute++;
            }
            await Task.Delay(5);
        }
        await end.CancelAsync();
        await timing;
        Console.WriteLine($"{cluster.Writes} objects written");
    }

    /// <summary>Replaces an endpoint of one service after another, and sees each arrive in the kernel's map.</summary>
    private static void Time(SoakCluster cluster, SlotHoles holes, Arrivals arrivals, int perSecond, CancellationToken end)
    {
        var watch = Stopwatch.StartNew();
        for (var round = 0; !end.IsCancellationRequested; round++)
        {
            while (watch.Elapsed.TotalSeconds * perSecond < round)
                if (end.WaitHandle.WaitOne(1)) return;
            var service = round % SoakCluster.Timed;
            var before = holes.Find(SoakCluster.AddressOf(service), 80);
            var begin = Stopwatch.GetTimestamp();
            cluster.Replace(service, round);
            while (holes.Find(SoakCluster.AddressOf(service), 80) == before)
            {
                if (Stopwatch.GetElapsedTime(begin) > Longest) throw new TimeoutException($"a change of service {service} did not arrive");
                Thread.Sleep(TimeSpan.FromMicroseconds(200));
            }
            arrivals.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }
    }

    /// <summary>After the last change has arrived: nothing may differ.</summary>
    private static bool Verify(AgentProcess agent)
    {
        Eventually.True(
            () => agent.Health() is HttpStatusCode.OK && new Exposition(agent.Metrics()) is var metrics
                && metrics.Sum("kubeproxy_sync_proxy_rules_endpoint_changes_pending") == 0
                && metrics.Sum("kubeproxy_sync_proxy_rules_service_changes_pending") == 0,
            "the last change to arrive", Longest);
        var (code, text) = agent.Command("verify", "--dry-run");
        Console.WriteLine($"verify ended with {code}:\n{text}");
        return code == 0;
    }

    private void Save()
    {
        Directory.CreateDirectory(output);
        var names = samples.SelectMany(s => s.Values.Keys).Distinct().ToArray();
        File.WriteAllLines(Path.Combine(output, string.Create(CultureInfo.InvariantCulture, $"soak-{seed}.csv")),
        [
            string.Join(',', (string[])["minute", .. names]),
            .. samples.Select(s => string.Join(',', (string[])[Text(s.Minute), .. names.Select(n => Text(s.Values.GetValueOrDefault(n)))])),
        ]);
        var json = Path.Combine(output, string.Create(CultureInfo.InvariantCulture, $"soak-{seed}.json"));
        File.WriteAllText(json, JsonSerializer.Serialize(new
        {
            seed, services, rate, minutes,
            samples = samples.Select(s => s.Values.Where(v => !double.IsNaN(v.Value)).Append(new("minute", s.Minute)).ToDictionary()),
        }));
    }

    private static void Print(SoakSample sample) => Console.WriteLine(
        string.Join(',', (string[])[Text(sample.Minute), .. Shown.Select(n => Text(sample.Values.GetValueOrDefault(n)))]));

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static int Variable(string name, int other)
        => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var given) ? given : other;

    private static string Binary => Environment.GetEnvironmentVariable("EBPFLB_BINARY") is { Length: > 0 } given ? given
        : Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");

    /// <summary>Times of one minute, added by one thread and taken by another.</summary>
    private sealed class Arrivals
    {
        private readonly Lock gate = new();
        private Samples samples = new();

        public void Add(double milliseconds)
        {
            lock (gate) samples.Add(milliseconds);
        }

        public Samples Take()
        {
            lock (gate)
            {
                var taken = samples;
                samples = new Samples();
                return taken;
            }
        }
    }
}
