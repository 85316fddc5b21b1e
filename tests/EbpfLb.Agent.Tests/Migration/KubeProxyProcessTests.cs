using EbpfLb.Agent.Migration;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Migration;

public sealed class KubeProxyProcessTests : IDisposable
{
    private readonly TemporaryDirectory proc = new();

    public KubeProxyProcessTests() => Add("self", "net:[1]", "ebpflb");

    [Theory]
    [InlineData("iptables", "/usr/local/bin/kube-proxy", "--v=2")]
    [InlineData("nftables", "kube-proxy", "--proxy-mode=nftables")]
    [InlineData("ipvs", "kube-proxy", "--proxy-mode", "ipvs")]
    public void The_mode_is_read_from_the_command_line(string mode, params string[] words)
    {
        Add("7", "net:[1]", words);

        Assert.Equal([new KubeProxyProcess(7, mode)], KubeProxyProcess.Find(proc.Path));
    }

    [Theory]
    [InlineData("kind: KubeProxyConfiguration\nmode: \"nftables\"\n", "nftables")]
    [InlineData("mode: ''\n", "iptables")]
    [InlineData("metricsBindAddress: x\n", "iptables")]
    [InlineData(null, null)]
    public void Or_from_the_file_that_it_names_in_its_own_root(string? text, string? mode)
    {
        Add("7", "net:[1]", "kube-proxy", "--config=/var/lib/kube-proxy/config.conf");
        var directory = Directory.CreateDirectory(Path.Combine(proc.Path, "7", "root", "var", "lib", "kube-proxy"));
        if (text is not null) File.WriteAllText(Path.Combine(directory.FullName, "config.conf"), text);

        Assert.Equal([new KubeProxyProcess(7, mode)], KubeProxyProcess.Find(proc.Path));
    }

    [Fact]
    public void Others_are_left_out()
    {
        Add("7", "net:[2]", "kube-proxy");
        Add("8", "net:[1]", "grep", "kube-proxy");
        Add("9", "net:[1]");

        Assert.Empty(KubeProxyProcess.Find(proc.Path));
    }

    public void Dispose() => proc.Dispose();

    private void Add(string pid, string netns, params string[] words)
    {
        var directory = Directory.CreateDirectory(Path.Combine(proc.Path, pid));
        Directory.CreateDirectory(Path.Combine(directory.FullName, "ns"));
        File.CreateSymbolicLink(Path.Combine(directory.FullName, "ns", "net"), netns);
        File.WriteAllText(Path.Combine(directory.FullName, "cmdline"), string.Concat(words.Select(w => w + "\0")));
    }
}
