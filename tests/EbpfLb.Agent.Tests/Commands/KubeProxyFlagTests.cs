using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>The command line of kube-proxy is one of ours.</summary>
public sealed class KubeProxyFlagTests : IDisposable
{
    /// <summary>A value of each flag of docs/contract.md 17 that is no switch.</summary>
    private static readonly Dictionary<string, string> Values = new(StringComparer.Ordinal)
    {
        ["--proxy-mode"] = "ipvs", ["--hostname-override"] = " Node-B ", ["--bind-address"] = "::",
        ["--healthz-bind-address"] = "127.0.0.1:1", ["--metrics-bind-address"] = "",
        ["--kubeconfig"] = "/k", ["--kube-api-content-type"] = "application/json", ["--kube-api-qps"] = "50", ["--kube-api-burst"] = "100",
        ["--logging-format"] = "json", ["--log-flush-frequency"] = "1s", ["--v"] = "2", ["--vmodule"] = "proxier=5,config=2",
        ["--log-text-info-buffer-size"] = "1k",
        ["--log-json-info-buffer-size"] = "1k", ["--cluster-cidr"] = "10.244.0.0/16", ["--detect-local-mode"] = "BridgeInterface",
        ["--pod-bridge-interface"] = "cni0",
        ["--pod-interface-name-prefix"] = "veth", ["--nodeport-addresses"] = "10.0.0.0/8", ["--iptables-masquerade-bit"] = "15",
        ["--iptables-sync-period"] = "40s",
        ["--iptables-min-sync-period"] = "4s", ["--ipvs-sync-period"] = "50s", ["--ipvs-min-sync-period"] = "5s",
        ["--ipvs-scheduler"] = "lc",
        ["--ipvs-exclude-cidrs"] = "10.9.0.0/16", ["--ipvs-tcp-timeout"] = "1m", ["--ipvs-tcpfin-timeout"] = "1m",
        ["--ipvs-udp-timeout"] = "1m",
        ["--conntrack-max-per-core"] = "1", ["--conntrack-min"] = "1", ["--conntrack-tcp-timeout-established"] = "2h",
        ["--conntrack-tcp-timeout-close-wait"] = "2m",
        ["--conntrack-udp-timeout"] = "7s", ["--conntrack-udp-timeout-stream"] = "8s", ["--config-sync-period"] = "1h",
        ["--oom-score-adj"] = "-5",
        ["--feature-gates"] = "A=true,B=false", ["--proxy-port-range"] = "1-2", ["--network-name"] = "n", ["--source-vip"] = "1.2.3.4",
        ["--root-hnsendpoint-name"] = "r",
        ["--show-hidden-metrics-for-version"] = "1.30", ["--master"] = "https://10.0.0.1:6443", ["--healthz-port"] = "1",
        ["--metrics-port"] = "2",
        ["--log-dir"] = "/l", ["--log-file"] = "/f", ["--log-file-max-size"] = "1", ["--log-backtrace-at"] = ":0",
        ["--stderrthreshold"] = "2",
    };

    /// <summary>Those that end the command in place of running.</summary>
    private static readonly string[] Ending = ["--config", "--write-config-to", "--cleanup", "--init-only", "--version"];

    private readonly TestCommandLine line = new();
    private readonly TemporaryDirectory directory = new();
    private StartOptions? seen;
    private LiveOptions? live;

    public KubeProxyFlagTests() => line.OpenSource = (options, _) =>
    {
        (seen, live) = (options.Start, options.Live(o => o)());
        throw new StartException("enough seen");
    };

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    public static TheoryData<string> Flags() => 
    [
        .. KubeProxyFields.Rows.Select(row => row.Note).Concat(KubeProxyFlags.All).Select(note => note.Option).OfType<string>()
            .Except(Ending),
    ];

    [Contract("17", "every flag: accepted in each form, deprecated and Windows ones too")]
    [Theory]
    [MemberData(nameof(Flags))]
    public async Task Every_flag_is_accepted_in_each_form(string flag)
    {
        List<string[]> forms = Values.TryGetValue(flag, out var value)
            ? [[flag, value], [$"{flag}={value}"], [$"{flag.Replace('-', '_').Replace("__", "--", StringComparison.Ordinal)}={value}"]]
            : [[flag], [$"{flag}=true"], [$"{flag}=false"]];
        foreach (var form in forms)
        {
            seen = null;
            string[] needed = flag == "--detect-local-mode" ? ["--pod-bridge-interface", "x"] : [];
            Assert.Equal(1, await line.RunAsync(["run", "--run-dir", directory.Path, .. needed, .. form]));
            Assert.True(seen is not null, $"{string.Join(' ', form)}: {line.Error}");
        }
    }

    [Contract("10", "empty address: not served")]
    [Contract("13", "node name: hostnameOverride, trimmed and lowercased")]
    [Contract("16", "conntrack time-outs: those of our flows; 0 is the default")]
    [Contract("17", "meaning: that of the field; one flag feeds the sections of both iptables and nftables")]
    [Fact]
    public async Task Flags_mean_what_they_mean_to_kube_proxy()
    {
        var all = Values.SelectMany(v => new[] { v.Key, v.Value }).ToList();
        Assert.Equal(1,
            await line.RunAsync(["run", "--run-dir", directory.Path, .. all, "--masquerade-all", "--iptables-localhost-nodeports=false",
                "--bind-address-hard-fail"]));
        Assert.NotNull(seen);
        Assert.NotNull(live);
        Assert.Equal(("node-b", "/k", true), (seen.NodeName, seen.KubeConfig, seen.BindAddressHardFail));
        Assert.Equal([new Uri("https://10.0.0.1:6443")], seen.ApiServers);
        Assert.Equal(("127.0.0.1:1", null), (seen.HealthzAddress!.ToString(), seen.MetricsAddress));
        Assert.Equal((TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(5)), (live.SyncPeriod, live.MinSyncPeriod));
        Assert.Equal((2, LogFormat.Json), (live.Verbosity, seen.LogFormat));
        Assert.Equal(("10.0.0.0/8", "cni0", true, false),
            (live.Node.NodePortAddresses.ToString(), live.Node.Detector.Interface, live.Node.MasqueradeAll, live.Node.LocalhostNodePorts));
        Assert.Equal((TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(8)), (live.Flows.Lifetimes.Udp, live.Flows.Lifetimes.UdpStream));
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromMinutes(2)), (live.Flows.Lifetimes.Established, live.Flows.Lifetimes.Closing));
    }

    [Contract("16", "without meaning: accepted, and listed once at the start")]
    [Fact]
    public async Task What_has_no_meaning_is_listed_once_with_the_reason()
    {
        await line.RunAsync("run", "--run-dir", directory.Path, "--ipvs-strict-arp", "--conntrack-min=7", "--conntrack-max-per-core=8",
            "--logtostderr=true", "--iptables-masquerade-bit=14");
        var said = Assert.Single(line.Error.Split('\n'), l => l.Contains("without meaning", StringComparison.Ordinal));
        Assert.Contains("ipvs.strictARP (no address of a service is put on a device", said, StringComparison.Ordinal);
        Assert.Contains("conntrack.maxPerCore, conntrack.min (netfilter's connection tracking is not used", said, StringComparison.Ordinal);
        Assert.Contains("--logtostderr (", said, StringComparison.Ordinal);
        // As it is by default: nothing was asked for.
        Assert.DoesNotContain("masqueradeBit", said, StringComparison.Ordinal);
    }

    [Contract("17", "wrong values: refused under the flag's name")]
    [Theory]
    [InlineData("--oom-score-adj=2000", "--oom-score-adj: 2000 is out of range")]
    [InlineData("--proxy-mode=magic", "--proxy-mode: 'magic' is none of its values")]
    [InlineData("--iptables-sync-period=0s", "--iptables-sync-period: must be longer than 0")]
    [InlineData("--ipvs-exclude-cidrs=x", "--ipvs-exclude-cidrs: 'x' is not a range of addresses")]
    [InlineData("--masquerade-all=perhaps", "--masquerade-all: 'perhaps' is neither true nor false")]
    [InlineData("--conntrack-min=few", "--conntrack-min: 'few' is not a whole number")]
    [InlineData("--bind-address=here", "--bind-address: 'here' is not an IP address")]
    public async Task Wrong_values_are_refused_under_the_flags_name(string flag, string message)
    {
        Assert.Equal(2, await line.RunAsync("run", flag));
        Assert.Contains(message, line.Error, StringComparison.Ordinal);
    }

    [Contract("4.1", "nodePortAddresses unset: all addresses, with nftables the primary ones")]
    [Contract("16", "mode: whose periods and defaults count")]
    [Theory]
    [InlineData("", "primary", false, false)]
    [InlineData("all,localhost", "0.0.0.0/0,::/0,127.0.0.0/8,::1/128", true, true)]
    [InlineData("all", "0.0.0.0/0,::/0", false, false)]
    [InlineData("::1/128", "::1/128", false, true)]
    [InlineData("0.0.0.0/0,::1/128", "0.0.0.0/0,::1/128", false, true)]
    [InlineData("127.0.0.0/8", "127.0.0.0/8", true, false)]
    public async Task With_nftables_NodePorts_answer_on_the_primary_addresses_unless_told_otherwise(
        string given, string expected, bool loopback4, bool loopback6)
    {
        string[] options = given.Length == 0 ? [] : ["--nodeport-addresses", given];
        await line.RunAsync(["run", "--run-dir", directory.Path, "--proxy-mode", "nftables", .. options]);
        var node = live!.Node;
        Assert.Equal((expected, loopback4, loopback6), (node.NodePortAddresses.ToString(),
            node.LocalhostNodePorts && node.NodePortAddresses.AllowLoopback4,
            node.LocalhostNodePorts && node.NodePortAddresses.NameLoopback6));
    }
}
