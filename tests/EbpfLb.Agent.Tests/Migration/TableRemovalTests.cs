using EbpfLb.Agent.Migration;

namespace EbpfLb.Agent.Tests.Migration;

public sealed class TableRemovalTests
{
    private const string KubeProxy = """
        *nat
        :PREROUTING ACCEPT [0:0]
        :POSTROUTING ACCEPT [0:0]
        :CNI-DN-1 - [0:0]
        :KUBE-KUBELET-CANARY - [0:0]
        :KUBE-MARK-DROP - [0:0]
        :KUBE-MARK-MASQ - [0:0]
        :KUBE-POSTROUTING - [0:0]
        :KUBE-ROUTER-SERVICES - [0:0]
        :KUBE-SEP-A - [0:0]
        :KUBE-SERVICES - [0:0]
        :KUBE-SVC-A - [0:0]
        -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -A PREROUTING -j CNI-DN-1
        -A POSTROUTING -j KUBE-ROUTER-SERVICES
        -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        -A KUBE-POSTROUTING -j MASQUERADE --random-fully
        -A KUBE-SEP-A -j DNAT --to-destination 10.244.0.7:80
        -A KUBE-SERVICES -j KUBE-SVC-A
        -A KUBE-SVC-A ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
        -A KUBE-SVC-A -j KUBE-SEP-A

        """;

    [Fact]
    public void Chains_and_jumps_of_kube_proxy_go_and_no_others()
    {
        var removal = Of("");

        Assert.Equal(["KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-SEP-A", "KUBE-SERVICES", "KUBE-SVC-A"], removal.Chains);
        Assert.Equal(["KUBE-SERVICES", "KUBE-POSTROUTING"], removal.Jumps.Select(j => j.Target));
        Assert.Empty(removal.Kept);
        Assert.Equal(8, removal.RuleCount);
    }

    [Fact]
    public void A_mark_that_others_use_stays_with_what_masquerades_it()
    {
        var removal = Of("-A CNI-DN-1 -s 10.244.0.0/24 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ\n");

        Assert.Equal(["KUBE-MARK-MASQ", "KUBE-POSTROUTING"], removal.Kept.Select(k => k.Name));
        Assert.Equal(["KUBE-SEP-A", "KUBE-SERVICES", "KUBE-SVC-A"], removal.Chains);
        Assert.Equal(["KUBE-SERVICES"], removal.Jumps.Select(j => j.Target));
    }

    /// <summary>The CNI plugin portmap jumps there for pods with hostPorts, of which there is none now.</summary>
    [Theory]
    [InlineData(":CNI-HOSTPORT-DNAT - [0:0]", null, true)]
    [InlineData(":CNI-HOSTPORT-DNAT - [0:0]\n:CNI-HOSTPORT-SETMARK - [0:0]", null, false)]
    [InlineData("", "/etc/cni/net.d/10-pods.conflist", true)]
    [InlineData("", null, false)]
    public void A_mark_that_portmap_will_use_stays_too(string chains, string? configuration, bool isKept)
    {
        var table = SavedTable.Parse(KubeProxy + chains + "\nCOMMIT\n")!;

        var removal = TableRemoval.Of(table, PortMap.NeedOf(table, configuration));

        Assert.Equal(isKept ? ["KUBE-MARK-MASQ", "KUBE-POSTROUTING"] : [], removal.Kept.Select(k => k.Name));
        Assert.Equal(isKept ? ["KUBE-SERVICES"] : ["KUBE-SERVICES", "KUBE-POSTROUTING"], removal.Jumps.Select(j => j.Target));
    }

    [Fact]
    public void What_others_jump_to_stays_with_all_that_it_leads_to()
    {
        var removal = Of("-A CNI-DN-1 -j KUBE-SVC-A\n");

        Assert.Equal(["KUBE-SVC-A", "KUBE-MARK-MASQ", "KUBE-SEP-A", "KUBE-POSTROUTING"], removal.Kept.Select(k => k.Name));
        Assert.Equal(["KUBE-SERVICES"], removal.Chains);
    }

    [Theory]
    [InlineData("-A PREROUTING -p tcp -m tcp --dport 81 -j KUBE-SERVICES")]
    [InlineData("-A PREROUTING -m comment --comment mine -j KUBE-SERVICES")]
    [InlineData("-A PREROUTING -g KUBE-SERVICES")]
    public void A_jump_without_kube_proxys_comment_is_somebody_elses(string rule)
        => Assert.Contains(Of(rule + "\n").Kept, k => k is { Name: "KUBE-SERVICES", Why: "PREROUTING jumps to it" });

    [Theory]
    [InlineData("""-A CNI-DN-1 -m comment --comment "do not -j KUBE-SVC-A" -j ACCEPT""")]
    [InlineData("-A CNI-DN-1 -m future --chain KUBE-SVC-A -j FUTURE --to KUBE-SVC-A")]
    public void A_rule_that_only_names_a_chain_does_not_keep_it(string rule) => Assert.Empty(Of(rule + "\n").Kept);

    [Fact]
    public void It_is_one_transaction_and_puts_jumps_back_where_they_were()
    {
        var removal = Of("");

        Assert.StartsWith(
            "*nat\n:EBPFLB-MIGRATED - [0:0]\n-A EBPFLB-MIGRATED -m conntrack", removal.RemoveText(), StringComparison.Ordinal);
        Assert.Contains("-D PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n", removal.RemoveText(),
            StringComparison.Ordinal);
        Assert.EndsWith("-X KUBE-SVC-A\nCOMMIT\n", removal.RemoveText(), StringComparison.Ordinal);
        var after = SavedTable.Parse("""
            *nat
            :PREROUTING ACCEPT [0:0]
            :EBPFLB-MIGRATED - [0:0]
            -A PREROUTING -j CNI-DN-1
            -A POSTROUTING -j KUBE-ROUTER-SERVICES
            COMMIT
            """);
        var restore = removal.RestoreText(after);
        Assert.Contains("-I PREROUTING 1 -m comment", restore, StringComparison.Ordinal);
        Assert.Contains("-I POSTROUTING 2 -m comment", restore, StringComparison.Ordinal);
        Assert.EndsWith("-X EBPFLB-MIGRATED\nCOMMIT\n", restore, StringComparison.Ordinal);
    }

    [Fact]
    public void A_jump_that_is_there_is_not_added_again()
        => Assert.DoesNotContain("-I ", Of("").RestoreText(SavedTable.Parse(KubeProxy + "COMMIT\n")), StringComparison.Ordinal);

    [Fact]
    public void A_jump_goes_to_the_end_where_rules_before_it_are_gone()
        => Assert.Contains("-I POSTROUTING 1 ", Of("").RestoreText(null), StringComparison.Ordinal);

    private static TableRemoval Of(string more) => TableRemoval.Of(SavedTable.Parse(KubeProxy + more + "COMMIT\n")!);
}
