using System.IO.Pipes;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Testing;

namespace EbpfLb.Configuration.Tests.Input;

/// <summary>In which forms a configuration comes.</summary>
public sealed class DocumentTests
{
    private const string Proxy = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: nftables\n";

    private const string Own = "apiVersion: ebpflb.io/v1alpha1\nkind: EbpfLbConfiguration\nalwaysSnat: true\n";

    /// <summary>As kubeadm writes it, with every field.</summary>
    private const string Kubeadm = """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          labels: {app: kube-proxy}
          name: kube-proxy
          namespace: kube-system
        data:
          config.conf: |-
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            bindAddress: 0.0.0.0
            bindAddressHardFail: false
            clientConnection:
              acceptContentTypes: ""
              burst: 0
              contentType: ""
              kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
              qps: 0
            clusterCIDR: 10.244.0.0/16
            configSyncPeriod: 0s
            conntrack:
              maxPerCore: null
              min: null
              tcpBeLiberal: false
              tcpCloseWaitTimeout: null
              tcpEstablishedTimeout: null
              udpStreamTimeout: 0s
              udpTimeout: 0s
            detectLocal:
              bridgeInterface: ""
              interfaceNamePrefix: ""
            detectLocalMode: ""
            enableProfiling: false
            healthzBindAddress: ""
            hostnameOverride: ""
            iptables:
              localhostNodePorts: null
              masqueradeAll: false
              masqueradeBit: null
              minSyncPeriod: 0s
              syncPeriod: 0s
            ipvs:
              excludeCIDRs: null
              minSyncPeriod: 0s
              scheduler: ""
              strictARP: false
              syncPeriod: 0s
              tcpFinTimeout: 0s
              tcpTimeout: 0s
              udpTimeout: 0s
            kind: KubeProxyConfiguration
            logging:
              flushFrequency: 0
              options:
                json:
                  infoBufferSize: "0"
                text:
                  infoBufferSize: "0"
              verbosity: 0
            metricsBindAddress: ""
            mode: ""
            nftables:
              masqueradeAll: false
              masqueradeBit: null
              minSyncPeriod: 0s
              syncPeriod: 0s
            nodePortAddresses: null
            oomScoreAdj: null
            portRange: ""
            showHiddenMetricsForVersion: ""
            winkernel:
              enableDSR: false
              forwardHealthCheckVip: false
              networkName: ""
              rootHnsEndpointName: ""
              sourceVip: ""
          kubeconfig.conf: |-
            apiVersion: v1
            kind: Config
        """;

    private static ConfigException Refused(string text) => Assert.Throws<ConfigException>(() => ConfigText.Read(text, "x.yaml"));

    [Theory]
    [InlineData(Proxy + "---\n" + Own)]
    [InlineData(Own + "---\n" + Proxy)]
    [InlineData("# comment\n---\n" + Own + "...\n---\n" + Proxy + "---\n")]
    public void Both_kinds_share_a_file_in_either_order(string text)
    {
        var loaded = ConfigText.Read(text);
        Assert.Equal(new KubeProxyConfiguration { Mode = "nftables" }, loaded.KubeProxy);
        Assert.Equal(new EbpfLbConfiguration { AlwaysSnat = true }, loaded.EbpfLb);
        Assert.Empty(loaded.Warnings);
    }

    [Fact]
    public void One_of_them_is_enough()
    {
        Assert.Equal(new EbpfLbConfiguration(), ConfigText.Read(Proxy).EbpfLb);
        Assert.Equal(new KubeProxyConfiguration(), ConfigText.Read(Own).KubeProxy);
    }

    [Fact]
    public void Json_is_read_with_its_tabs_escapes_and_lines()
    {
        var loaded = ConfigText.Read("{\n\t\"apiVersion\": \"kubeproxy.config.k8s.io\\/v1alpha1\",\n\t\"kind\": "
            + "\"KubeProxyConfiguration\",\n\t\"mode\": \"ipvs\",\n\t\"oomScoreAdj\": null,\n\t\"moode\": "
            + "1,\n\t\"nodePortAddresses\": [\"primary\"]\n}\n"
            + "{\"apiVersion\": \"ebpflb.io/v1alpha1\", \"kind\": \"EbpfLbConfiguration\", \"instance\": \"two\"}");
        Assert.Equal(("ipvs", -999, "two"), (loaded.KubeProxy.Mode, loaded.KubeProxy.OomScoreAdj, loaded.EbpfLb.Instance));
        Assert.Equal(["primary"], loaded.KubeProxy.NodePortAddresses);
        Assert.EndsWith("did you mean mode? (line 6)", Assert.Single(loaded.Warnings), StringComparison.Ordinal);
    }

    [Contract("16", "kubeadm's ConfigMap: and the file that it mounts")]
    [Fact]
    public void The_ConfigMap_of_kubeadm_is_read_with_all_that_it_leaves_to_the_defaults()
    {
        var loaded = ConfigText.Read(Kubeadm);
        var expected = new KubeProxyConfiguration
        {
            ClusterCidr = "10.244.0.0/16", ClientConnection = new() { Kubeconfig = "/var/lib/kube-proxy/kubeconfig.conf" },
        };
        Assert.Equal(expected, loaded.KubeProxy);
        Assert.Empty(loaded.Warnings);
        Assert.Equal("apiVersion: v1\nkind: Config", loaded.EmbeddedKubeconfig);
    }

    [Contract("16", "kubeadm's ConfigMap: and the file that it mounts")]
    [Fact]
    public void The_file_that_kubeadm_mounts_is_read()
    {
        var begin = Kubeadm.IndexOf("apiVersion: kubeproxy", StringComparison.Ordinal);
        var mounted = Kubeadm[begin..Kubeadm.IndexOf("  kubeconfig.conf: |-", StringComparison.Ordinal)]
            .Replace("\n    ", "\n", StringComparison.Ordinal);
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, mounted);
            var loaded = ConfigFile.Load(path);
            Assert.Equal("10.244.0.0/16", loaded.KubeProxy.ClusterCidr);
            Assert.Empty(loaded.Warnings);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void An_error_in_a_ConfigMap_says_in_which_text_the_line_is()
    {
        var error = Refused(Kubeadm.Replace("oomScoreAdj: null", "oomScoreAdj: 5000", StringComparison.Ordinal));
        Assert.Equal("line 59 of data.config.conf", Assert.Single(error.Problems).Where);
    }

    [Theory]
    [InlineData("apiVersion: kubeproxy.config.k8s.io/v1beta9\nkind: KubeProxyConfiguration",
        "apiVersion: 'kubeproxy.config.k8s.io/v1beta9' is not known for this kind; give kubeproxy.config.k8s.io/v1alpha1 (line 1)")]
    [InlineData("kind: KubeProxyConfiguration", "give kubeproxy.config.k8s.io/v1alpha1")]
    [InlineData("apiVersion: ebpflb.io/v1\nkind: EbpfLbConfiguration", "give ebpflb.io/v1alpha1")]
    [InlineData("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration",
        "'KubeletConfiguration' of 'kubelet.config.k8s.io/v1beta1' is no configuration of a proxy")]
    [InlineData("mode: ipvs", "'' of '' is no configuration of a proxy")]
    [InlineData("", "it holds neither a KubeProxyConfiguration nor an EbpfLbConfiguration")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\ndata: {other: text}", "it holds neither")]
    [InlineData("apiVersion: v1\nkind: ConfigMap", "data: the ConfigMap has no data")]
    [InlineData("- a", "it begins with no field")]
    [InlineData("a: [", "not valid YAML")]
    [InlineData("a:\n\tb: 1", "a tab in the indentation; use spaces")]
    [InlineData("{\"a\": ", "not valid JSON")]
    [InlineData("a: *gone", "there is no anchor 'gone'")]
    [InlineData(Proxy + "---\n" + Proxy, "a second KubeProxyConfiguration; remove one")]
    [InlineData(Own + "---\n" + Own, "a second EbpfLbConfiguration; remove one")]
    public void What_is_no_configuration_says_what_it_should_be(string text, string message)
        => Assert.Contains(message, Refused(text).Message, StringComparison.Ordinal);

    [Fact]
    public void Errors_of_both_documents_are_told_together()
    {
        var error = Refused(Proxy + "oomScoreAdj: 9999\n---\n" + Own + "snatPorts: all\n");
        Assert.Equal(["kubeproxy.config.k8s.io", "ebpflb.io"], error.Problems.Select(p => p.Group));
    }

    [Fact]
    public void Anchors_and_merges_stand_for_what_they_name()
    {
        var config = ConfigText.Read(
            Proxy + "iptables: &a {syncPeriod: 10s, minSyncPeriod: 1s}\nnftables:\n  <<: *a\n  minSyncPeriod: 2s\n").KubeProxy;
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2)), (config.Nftables.SyncPeriod, config.Nftables.MinSyncPeriod));
    }

    [Fact]
    public void Nesting_without_end_is_refused()
        => Assert.Contains(
            "nested deeper", Refused(Proxy + "x: " + new string('[', 500) + new string(']', 500)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_comma_behind_the_last_element_of_JSON_is_taken_as_kube_proxy_takes_it()
    {
        var config = ConfigText.Read("""
            {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
             "nodePortAddresses": ["10.0.0.0/8", "192.168.0.0/16",],
             "nftables": {"syncPeriod": "7s",},
            }
            """).KubeProxy;
        Assert.Equal(["10.0.0.0/8", "192.168.0.0/16"], config.NodePortAddresses);
        Assert.Equal(TimeSpan.FromSeconds(7), config.Nftables.SyncPeriod);
    }

    [Theory]
    [InlineData("""{"kind": "a",,}""")]
    [InlineData("""{"kind": [,]}""")]
    public void A_comma_without_an_element_before_it_is_no_JSON(string json)
        => Assert.Contains("not valid JSON", Refused(json).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"kind": "\ud800"}""", 1)]
    [InlineData("{\"kind\": 1,\n \"\\udc00\\ud800\": 2}", 2)]
    [InlineData("{\"kind\": \"a\",\n\"data\": [\n\"\\ud83dx\"]}", 3)]
    public void Half_of_a_surrogate_pair_is_refused_with_its_line(string json, int line)
    {
        var problem = Assert.Single(Refused(json).Problems);
        Assert.Equal($"line {line}", problem.Where);
        Assert.Contains("surrogate pair", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kubeproxy.config.k8s.io": {"kind": "\ud800"}, "ebpflb.io": {}}""")]
    [InlineData("""{"ebpflb.io": {}, "ebpflb.io": {}, "kubeproxy.config.k8s.io": {}}""")]
    public void An_answer_that_is_not_as_it_is_written_is_refused(string json)
        => Assert.Throws<ConfigException>(() => Output.ConfigJson.Read(json));

    [Fact]
    public async Task A_pipe_is_read_as_a_file_is()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.Write("kind: KubeProxyConfiguration\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nclusterCIDR: 10.244.0.0/16\n"u8);
        var path = $"/proc/self/fd/{pipe.GetClientHandleAsString()}";
        var load = Task.Run(() => ConfigFile.Load(path));
        // Its end is seen when nobody writes any more.
        pipe.Dispose();

        Assert.Equal("10.244.0.0/16", (await load).KubeProxy.ClusterCidr);
    }

    [Fact]
    public void A_file_that_cannot_be_read_says_so()
    {
        Assert.Contains("Give the path of a configuration file",
            Assert.Throws<ConfigException>(() => ConfigFile.Load("/nowhere/config.yaml")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "it is a directory", Assert.Throws<ConfigException>(() => ConfigFile.Load("/tmp")).Message, StringComparison.Ordinal);
    }
}
