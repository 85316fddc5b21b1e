using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class ConfigCommandTests : IDisposable
{
    private const string Head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

    private readonly TestCommandLine line = new();
    private readonly TemporaryDirectory directory = new();

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Check_names_what_is_wrong_and_ends_with_1()
    {
        Assert.Equal(1, await line.RunAsync("config", "check", Write(Head + "mode: x\noomScoreAdj: 5000\nunknown: 1\n")));
        Assert.Contains("kubeproxy.config.k8s.io: mode: 'x' is none of its values", line.Error, StringComparison.Ordinal);
        Assert.Contains("kubeproxy.config.k8s.io: oomScoreAdj: 5000 is out of range", line.Error, StringComparison.Ordinal);
        Assert.Contains("warning: kubeproxy.config.k8s.io: unknown: the field is not known here", line.Error, StringComparison.Ordinal);
    }

    [Contract("16", "without meaning: accepted, and listed once at the start")]
    [Fact]
    public async Task Check_of_a_good_file_names_what_has_no_meaning()
    {
        Assert.Equal(0, await line.RunAsync("config", "check", Write(Head + "ipvs: {strictARP: true}\n")));
        Assert.Contains(
            "no meaning here: ipvs.strictARP: no address of a service is put on a device", line.Output, StringComparison.Ordinal);
        Assert.Contains("can be used\n", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_writes_both_documents_with_every_field()
    {
        var file = Write(Head + "mode: nftables\n");
        Assert.Equal(0, await line.RunAsync("config", "show", file));
        Assert.Equal("nftables", ConfigText.Read(line.Output).KubeProxy.Mode);
        Assert.Contains("kind: EbpfLbConfiguration", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_asks_the_running_instance()
    {
        Assert.Equal(3, await line.RunAsync("config", "show"));
        line.Finder = new FakeFinder(new FakeView());
        Assert.Equal(3, await line.RunAsync("config", "show"));
        Assert.Contains("the pinned maps hold no configuration", line.Error, StringComparison.Ordinal);
        line.Finder = new FakeFinder(new FakeView { Config = ConfigJson.Write(LoadedConfig.Default) });
        Assert.Equal(0, await line.RunAsync("config", "show"));
        Assert.Contains("kind: KubeProxyConfiguration\n", line.Output, StringComparison.Ordinal);
        Assert.Equal(0, await line.RunAsync("config", "show", "-o", "json"));
        Assert.Contains("\"kubeproxy.config.k8s.io\": {", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Defaults_are_configurations_that_can_be_used()
    {
        Assert.Equal(0, await line.RunAsync("config", "defaults"));
        Assert.Equal(new(), ConfigText.Read(line.Output).KubeProxy);
        Assert.Equal(0, await line.RunAsync("config", "defaults", "ebpflb"));
        Assert.Equal(2, await line.RunAsync("config", "defaults", "kubelet"));
        Assert.Contains("give kube-proxy or ebpflb", line.Error, StringComparison.Ordinal);
    }

    private string Write(string text)
    {
        var path = directory.File("config.yaml");
        File.WriteAllText(path, text);
        return path;
    }
}
