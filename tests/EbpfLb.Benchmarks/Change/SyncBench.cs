using System.Diagnostics;
using EbpfLb.Benchmarks.Outside;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Benchmarks.Change;

/// <summary>
/// All services into an empty kernel, and one endpoint replaced: our pipeline from the state to the maps, beside iptables-restore and nft
/// with the rules that kube-proxy would give them at the same moment. What kube-proxy does before that is not in their figures.
/// </summary>
internal static class SyncBench
{
    private const int Endpoints = 2;
    private const int Rounds = 7;
    private const string OneBackend = "10.244.0.10:8080";
    private const string OtherBackend = "10.244.0.11:8080";

    public static async Task RunAsync(Report report)
    {
        var (rows, bars) = (new List<string[]>(), new List<(string Name, IReadOnlyList<double> Values)>());
        foreach (var services in (int[])[1_000, 10_000]) await RunAsync(services, rows, bars);
        report.Title(
            "Services into the kernel",
            $"{Endpoints} endpoints a service, ms, median [quartiles] of {Rounds} rounds by turns. Ours: from the state of the cluster to "
                + "the maps. The others: only the process that takes the rules, all or those that kube-proxy writes for one change.");
        report.Table(["services", "", "all, ms", "of ours", "one endpoint replaced, ms", "of ours"], rows);
        report.Figure("sync.svg", "All services into an empty kernel", RowPlot.Draw(
            "All services into an empty kernel", "ms", [""], bars, "0"));
    }

    private static async Task RunAsync(
        int services, List<string[]> rows, List<(string Name, IReadOnlyList<double> Values)> bars)
    {
        using var topology = NetnsTopology.Create();
        var own = topology.AddNode("own");
        var options = new DatapathOptions { Instance = own.Netns, CgroupRoot = own.Cgroup.Path };
        var directory = Directory.CreateTempSubdirectory("ebpflb-sync-");
        // Thousands of services in one `nft -f` lock a CPU in the kernel for half a minute.
        string[] names = ["iptables", .. services > 1000 ? (string[])[] : ["nftables"]];
        var peers = names.ToDictionary(name => name, name => new Rules(topology.AddNode(name), name, services, directory.FullName));
        var figures = names.Prepend("ours").ToDictionary(name => name, _ => (All: new Samples(), One: new Samples()));
        try
        {
            for (var round = 0; round <= Rounds; round++)
            {
                var (all, one) = await OwnAsync(services, options);
                if (round > 0) Add("ours", all, one);
                foreach (var (name, rules) in peers)
                {
                    (all, one) = (rules.Load(), rules.Change(round % 2 == 0));
                    if (round > 0) Add(name, all, one);
                }
            }
        }
        finally
        {
            Instances.Remove(options);
            directory.Delete(recursive: true);
        }
        var ours = figures["ours"];
        foreach (var (name, (all, one)) in figures)
        {
            rows.Add([$"{services:N0}", name, all.Text("0.0"), all.Over(ours.All).Text("0.0"), one.Text("0.000"),
                one.Over(ours.One).Text("#,0")]);
            bars.Add(($"{name}, {services:N0} services", [all.Median]));
        }

        void Add(string name, double all, double one)
        {
            figures[name].All.Add(all);
            figures[name].One.Add(one);
        }
    }

    private static async Task<(double All, double One)> OwnAsync(int services, DatapathOptions options)
    {
        var cluster = new LargeCluster(services, Endpoints);
        // Not attached, so not pinned either: each opening begins with empty maps.
        await using var dataplane = Dataplane.Open(options, NullLoggerFactory.Instance);
        ForwardingTable? table = null;
        var all = Milliseconds(Apply);
        // The first of a kind is compiled by .NET, which the agent is not.
        for (var i = 0; i < 20; i++) Replace(i);
        return (all, Milliseconds(() => Replace(services / 2)));

        void Replace(int service)
        {
            cluster.ReplaceEndpoint(service);
            Apply();
        }

        void Apply()
        {
            table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, table);
            dataplane.Services.Apply(table);
        }
    }

    private static double Milliseconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>kube-proxy's rules in files, and who takes them.</summary>
    private sealed class Rules
    {
        private readonly ProcessPlace place;
        private readonly string files;
        private readonly bool isNft;

        public Rules(NodeNetns node, string name, int services, string directory)
        {
            place = node.Place with { CgroupPath = null };
            isNft = name == "nftables";
            files = Path.Combine(directory, name);
            var script = Path.Combine(RepositoryPaths.Root, "tools", "peers", $"{name}.sh");
            foreach (var (file, backend) in ((string, string)[])[("one", OneBackend), ("other", OtherBackend)])
            {
                Shell($"'{script}' {services} {backend} > {files}.all");
                var all = File.ReadAllLines($"{files}.all");
                File.WriteAllLines($"{files}.{file}", isNft ? NftChange(services, backend) : IptablesChange(all, services));
            }
        }

        /// <summary>Milliseconds for all of them where there are none.</summary>
        public double Load()
        {
            Shell(isNft ? Peer.NoNftRules : Peer.NoIptablesRules);
            return Milliseconds(() => Shell(isNft ? $"nft -f {files}.all" : $"iptables-legacy-restore < {files}.all"));
        }

        /// <summary>Milliseconds for another endpoint of the last service.</summary>
        public double Change(bool other)
        {
            var file = $"{files}.{(other ? "other" : "one")}";
            return Milliseconds(() => Shell(isNft ? $"nft -f {file}" : $"iptables-legacy-restore --noflush < {file}"));
        }

        /// <summary>The chains of the service and of its endpoint, emptied and filled.</summary>
        private static IEnumerable<string> NftChange(int services, string backend)
        {
            var name = $"{services:D8}/default/svc{services}/tcp/http";
            var (endpoint, service) = ($"endpoint-{name}__1", $"service-{name}");
            return
            [
                $"flush chain ip kube-proxy {endpoint}",
                $"add rule ip kube-proxy {endpoint} ip saddr {backend.Split(':')[0]} jump mark-for-masquerade",
                $"add rule ip kube-proxy {endpoint} meta l4proto tcp dnat to {backend}",
                $"flush chain ip kube-proxy {service}",
                $"add rule ip kube-proxy {service} ip daddr 10.200.0.1 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade",
                $"add rule ip kube-proxy {service} numgen random mod 1 vmap {{ 0 : goto {endpoint} }}",
            ];
        }

        /// <summary>Chains that are common to all services, and those of the service; the rest stays as it is.</summary>
        private static IEnumerable<string> IptablesChange(string[] all, int services)
        {
            var chains = all.SkipWhile(line => line != "*nat").Where(line => line.Contains("KUBE-", StringComparison.Ordinal)).Where(line =>
            {
                var chain = line.StartsWith(':') ? line[1..].Split(' ')[0] : line.Split(' ')[1];
                return chain is "KUBE-SERVICES" or "KUBE-NODEPORTS" || chain.Contains($"-{services:D10}A", StringComparison.Ordinal);
            });
            return ["*nat", .. chains, "COMMIT"];
        }

        private void Shell(string command)
        {
            var (code, output) = ChildProcess.Run(place, "/bin/sh", "-c", command);
            if (code != 0) throw new InvalidOperationException($"{command}: {output}");
        }
    }
}
