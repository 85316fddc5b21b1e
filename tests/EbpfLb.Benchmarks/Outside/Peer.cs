using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// One node and who forwards its NodePort: nobody ("none", "bare"), our agent ("tc", "xdp"), rules laid out as kube-proxy's ("iptables",
/// "nftables"), or a proxy of TCP ("haproxy", "nginx"). The name may end in a number of services: "tc-1000".
/// </summary>
internal sealed partial class Peer(string name, NodeNetns node) : IDisposable
{
    public const int NodePort = 32767;

    /// <summary>Commands after which there are none.</summary>
    public const string NoIptablesRules = "iptables-legacy -t nat -F; iptables-legacy -F; iptables-legacy -t nat -X; iptables-legacy -X",
        NoNftRules = "nft flush ruleset";

    private static readonly string Binary = Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");
    private readonly ManifestDirectory manifests = new();
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-peer-");
    private AgentProcess? agent;
    private ChildProcess? proxy;

    public string Name => name;

    public NodeNetns Node => node;

    /// <summary>What agent, proxy and those who load rules are started by; it must end in exec.</summary>
    public IReadOnlyList<string> Prefix { get; set; } = [];

    public string Kind => name.Split('-')[0];

    /// <summary>As the name has it.</summary>
    public int Services => name.Split('-') is [_, var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 1;

    /// <summary>For a table: "tc, 1,000 services".</summary>
    public string Title => name == Kind ? Kind
        : string.Create(CultureInfo.InvariantCulture, $"{Kind}, {Services:N0} service{(Services == 1 ? "" : "s")}");

    /// <summary>Gives the node this many services, the last of them with this backend behind the NodePort.</summary>
    /// <param name="services">How many.</param>
    /// <param name="backend">ADDRESS:PORT.</param>
    /// <param name="backendNode">Where that is.</param>
    /// <param name="protocol">"tcp" or "udp", of all services.</param>
    public void Program(int services, string backend, string backendNode, string protocol = "tcp")
    {
        switch (Kind)
        {
            case "tc" or "xdp":
                RunAgent(services, IPEndPoint.Parse(backend), backendNode, protocol);
                break;
            case "iptables":
                Shell($"{NoIptablesRules}; PROTO={protocol} '{Tool("iptables.sh")}' {services} {backend} | iptables-legacy-restore");
                break;
            case "nftables":
                Shell($"{NoNftRules}; PROTO={protocol} NODE={node.IPv4} '{Tool("nftables.sh")}' {services} {backend} | nft -f -");
                break;
            case "haproxy":
                RunProxy(ProxyConfiguration.HaProxy(ServicesOfProxy(services), backend), [RepositoryPaths.Tool("haproxy"), "-db", "-f"]);
                break;
            case "nginx":
                RunProxy(ProxyConfiguration.Nginx(ServicesOfProxy(services), backend, directory.FullName),
                    [RepositoryPaths.Tool("nginx"), "-p", directory.FullName, "-e", "stderr", "-c"]);
                break;
        }
    }

    /// <summary>What its programs counted for a reason, by its name in /metrics.</summary>
    public long Count(string reason) => agent is null ? 0 : Samples().Matches(agent.MetricsOf("ebpflb_"))
        .Where(sample => sample.Groups["reason"].Value == reason)
        .Sum(sample => long.Parse(sample.Groups["count"].Value, CultureInfo.InvariantCulture));

    /// <summary>What it printed.</summary>
    public string Log => agent?.Log ?? proxy?.Output ?? "";

    public void Dispose()
    {
        EndProxy();
        agent?.Dispose();
        manifests.Dispose();
        directory.Delete(recursive: true);
    }

    private static string Tool(string script) => Path.Combine(RepositoryPaths.Root, "tools", "peers", script);

    /// <summary>Those that the rules have. Packets to their ClusterIPs are for the node then.</summary>
    private int ServicesOfProxy(int services)
    {
        if (services > 1) node.Configure($"route replace local {ProxyConfiguration.ClusterIPs} dev lo");
        return services;
    }

    private void Shell(string command)
    {
        var (code, output) = ChildProcess.Run(node.Place with { CgroupPath = null }, [.. Prefix, "/bin/sh", "-c", command]);
        if (code != 0) throw new InvalidOperationException($"{command}: {output}");
    }

    private void RunProxy(string configuration, IReadOnlyList<string> command)
    {
        EndProxy();
        var file = Path.Combine(directory.FullName, "configuration");
        File.WriteAllText(file, configuration);
        proxy = ChildProcess.Start(node.Place, [.. Prefix, .. command, file]);
    }

    /// <summary>By SIGTERM: killed, nginx would leave its workers behind.</summary>
    private void EndProxy()
    {
        proxy?.Signal();
        proxy?.WaitForExit();
        proxy?.Dispose();
        proxy = null;
    }

    private void RunAgent(int services, IPEndPoint backend, string backendNode, string protocol)
    {
        var text = new StringBuilder();
        for (var i = 1; i < services; i++)
            text.Append(Service(i, Address(i), 80, NodePortOf(i), [Endpoint(i, 0), Endpoint(i, 1)], "elsewhere", protocol));
        text.Append(Service(
            services, IPAddress.Parse("10.100.255.1"), backend.Port, NodePort, [backend.Address], backendNode, protocol));
        manifests.PutText("all", text.ToString());
        agent ??= AgentProcess.Start(new AgentOptions(Binary, node, "--manifests", manifests.Path)
        {
            Prefix = Prefix,
            Extra = ["--cluster-cidr", "10.244.0.0/16", .. Kind == "xdp" ? (string[])["--xdp", "driver", "--sync-period", "1s"] : []],
        });
        Eventually.True(() => agent.Command("backends").Output.Contains($"{backend.Address}", StringComparison.Ordinal),
            () => $"the services to be programmed: {agent.Log}");
    }

    private static string Service(
        int number, IPAddress clusterIP, int targetPort, int nodePort, IPAddress[] endpoints, string node, string protocol)
        => new ServiceManifest(string.Create(CultureInfo.InvariantCulture, $"svc{number}"))
        {
            Type = nodePort == 0 ? "ClusterIP" : "NodePort",
            ClusterIPs = [clusterIP],
            Ports = [new PortManifest("http", protocol.ToUpperInvariant(), 80, targetPort) { NodePort = nodePort }],
            Endpoints = endpoints,
            NodeOf = _ => node,
        }.Text;

    /// <summary>Of a service that is not the measured one; 0: the range ends before.</summary>
    internal static int NodePortOf(int i) => i <= 2766 ? 30_000 + i : 0;

    internal static IPAddress Address(int i) => new([10, (byte)(100 + i / 65536), (byte)(i / 256), (byte)i]);

    internal static IPAddress Endpoint(int i, int j) => new([10, (byte)(248 + i / 32768), (byte)(i / 128), (byte)(i % 128 * 2 + j)]);

    [GeneratedRegex("""^ebpflb_(packets|datapath_events)_total\{.*reason="(?<reason>\w+)".*\} (?<count>[0-9]+)""",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Samples();
}
