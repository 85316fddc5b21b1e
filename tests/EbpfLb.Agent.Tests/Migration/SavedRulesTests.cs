using EbpfLb.Agent.Migration;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Migration;

/// <summary>What was saved is never lost, whatever runs follow.</summary>
public sealed class SavedRulesTests : IDisposable
{
    private const string Proxys = "*nat\n:PREROUTING ACCEPT [7:9]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n";
    private const string Kubelets = "*nat\n:KUBE-MARK-MASQ - [0:0]\nCOMMIT\n";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_comes_back_is_saved_beside_what_was_there_before_and_put_back_after_it(bool isFinished)
    {
        var saved = Run(isNew: true, Proxys);
        if (isFinished) saved.End();
        for (var i = 0; i < 11; i++) saved = Run(isNew: false, $"{Kubelets}{i}");

        Assert.Equal([Proxys, .. Enumerable.Range(0, 11).Select(i => $"{Kubelets}{i}")], saved.Iptables().Select(t => t.Text));
        Assert.All(saved.Iptables(), t => Assert.Equal(("nft", "ip"), (t.Kind, t.Family)));
    }

    [Fact]
    public void The_same_rules_are_saved_once_whatever_was_counted_meanwhile()
    {
        Run(isNew: true, "# Generated on Monday\n" + Proxys);
        var saved = Run(isNew: true, "# Generated on Tuesday\n" + Proxys.Replace("7:9", "8:10", StringComparison.Ordinal));

        Assert.Contains("Monday", Assert.Single(saved.Iptables()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_that_kube_proxy_wrote_after_a_finished_run_are_what_to_go_back_to_and_older_ones_are_kept()
    {
        for (var i = 0; i < 3; i++) Run(isNew: true, $"{Proxys}{i}").End();

        Assert.Equal($"{Proxys}2", Assert.Single(new SavedRules(directory.Path).Iptables()).Text);
        Assert.Equal($"{Proxys}0", Assert.Single(new SavedRules(directory.File("previous")).Iptables()).Text);
        Assert.Equal($"{Proxys}1", Assert.Single(new SavedRules(directory.File("previous-2")).Iptables()).Text);
    }

    [Fact]
    public void Tables_of_nftables_are_kept_in_the_same_way()
    {
        var saved = new SavedRules(directory.Path);
        foreach (var text in (string[])["table ip kube-proxy { 1 }", "table ip kube-proxy { 2 }"])
        {
            saved.Begin(isNew: true);
            saved.Save(new FoundNftTable(new NftTables("nft"), "ip", text));
        }

        Assert.Equal([("ip", "table ip kube-proxy { 1 }"), ("ip", "table ip kube-proxy { 2 }")], saved.Nft());
        Assert.Empty(saved.Iptables());
    }

    private SavedRules Run(bool isNew, string text)
    {
        var saved = new SavedRules(directory.Path);
        saved.Begin(isNew);
        var table = new SavedTable("nat", [], []);
        saved.Save(new FoundTable(new RuleTool("ip", "nft", "save", "restore"), table, text, TableRemoval.Of(table)));
        return saved;
    }
}
