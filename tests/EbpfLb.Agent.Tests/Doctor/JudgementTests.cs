using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Commands.Doctor.Checks;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Netlink.Netfilter;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Tests.Doctor;

/// <summary>What the checks of `ebpflb doctor` make of what they find.</summary>
public sealed class JudgementTests
{
    private static readonly DateTime Now = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly PortRange Snat = new(1024, 29999);

    [Theory]
    [InlineData("6.18.44-fc", CheckState.Ok)]
    [InlineData("6.1.0-56-cloud-amd64", CheckState.Ok)]
    [InlineData("5.15.0", CheckState.Warning)]
    [InlineData("5.14.0-503.el9.x86_64", CheckState.Warning)]
    [InlineData("5.14.0", CheckState.Warning)]
    [InlineData("5.10.0-46", CheckState.Problem)]
    [InlineData("4.19.0", CheckState.Problem)]
    [InlineData("next", CheckState.Unknown)]
    public void A_kernel_is_judged_by_those_that_were_tried(string release, object expected)
        => Assert.Equal(expected, KernelChecks.Judge(release, KernelChecks.Parse(release)).State);

    [Fact]
    public void A_kernel_that_has_parts_of_newer_ones_is_judged_by_its_features()
    {
        var found = KernelChecks.Judge("5.14.0-503.el9.x86_64", KernelChecks.Parse("5.14.0-503.el9.x86_64"));

        Assert.Equal("Linux 5.14.0-503.el9.x86_64 was not tried, and has parts of newer kernels", found.Finding);
        Assert.Contains("kernel.features", found.Remedy);
    }

    [Theory]
    [InlineData("#1 SMP PREEMPT_RT Debian 6.12.57-1 (2025-11-05)", true)]
    [InlineData("#1 SMP PREEMPT_DYNAMIC Debian 6.12.57-1 (2025-11-05)", false)]
    public void A_real_time_kernel_is_warned_of(string build, bool isRealtime)
    {
        Assert.Equal(isRealtime, KernelChecks.IsRealtime(build));
        var found = KernelChecks.JudgeRealtime("6.18.1");
        Assert.Equal(CheckState.Warning, found.State);
        Assert.Contains("Linux 6.18.1 is a real-time kernel (PREEMPT_RT), which was not tried", found.Finding);
    }

    [Fact]
    public void Without_the_JIT_it_is_the_remedy_for_what_needs_it()
    {
        var found = KernelChecks.Judge(
            [
                new("jit", false, "it is 0", "speed"),
                new("bpf_skb_ct_lookup", false, "functions of the kernel need the JIT", "ports"),
            ]).ToList();

        Assert.All(found, c => Assert.Equal((CheckState.Warning, "`sysctl -w net.core.bpf_jit_enable=1`"), (c.State, c.Remedy)));
        Assert.Contains("modprobe",
            Assert.Single(KernelChecks.Judge([new KernelFeature("bpf_skb_ct_lookup", false, "no function", "ports")])).Remedy);
    }

    [Fact]
    public void A_missing_feature_is_a_problem_where_the_agent_does_not_start_without_it_and_else_a_warning()
    {
        var found = KernelChecks.Judge(
            [new("cgroup_link", false, "EINVAL", "hooks"), new("tcx", false, "EINVAL", "links"), KernelFeature.Unknown("batch")])
            .ToList();

        Assert.Equal([CheckState.Problem, CheckState.Warning], found.Select(c => c.State));
        Assert.All(found, c => Assert.NotNull(c.Remedy));
    }

    [Fact]
    public void An_agent_without_a_capability_loses_what_it_is_for()
    {
        const ulong all = (1UL << 39) | (1UL << 38) | (1UL << 12) | (1UL << 21) | (1UL << 19) | (1UL << 11) | (1UL << 24);

        Assert.Equal(CheckState.Ok, Assert.Single(RightsChecks.Judge(all)).State);
        Assert.Equal(CheckState.Problem, Assert.Single(RightsChecks.Judge(all & ~(1UL << 12))).State);
        Assert.Equal(CheckState.Warning, Assert.Single(RightsChecks.Judge(all & ~(1UL << 39))).State);
        Assert.Equal(2, RightsChecks.Judge(all & ~(1UL << 39) & ~(1UL << 21)).Count());
    }

    [Theory]
    [InlineData(1UL, false, CheckState.Ok)]
    [InlineData(77UL, true, CheckState.Ok)]
    [InlineData(77UL, false, CheckState.Problem)]
    public void A_child_cgroup_is_a_problem_unless_an_option_names_it(ulong id, bool isNamed, object expected)
        => Assert.Equal(expected, MountChecks.Judge("/sys/fs/cgroup", id, isNamed).State);

    [Fact]
    public void An_instance_of_another_bpf_file_system_is_removed_by_that_file_system()
    {
        var found = InstanceChecks.LeftAt(new InstancePaths("/run/bpf", "lab"), "/sys/fs/cgroup");

        Assert.Equal(CheckState.Problem, found.State);
        Assert.Contains("/run/bpf", found.Finding, StringComparison.Ordinal);
        Assert.Contains("`ebpflb cleanup --instance lab --bpffs /run/bpf`", found.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cil_sock4_connect (id 9)", CheckState.Problem)]
    [InlineData("lb_connect4 (id 9)", CheckState.Problem)]
    [InlineData("count_calls (id 9)", CheckState.Warning)]
    [InlineData("sd_bind4 (id 9)", CheckState.Ok)]
    public void Programs_of_others_at_the_hooks_are_named(string program, object expected)
    {
        var found = HookChecks.Judge(program, "connect4", "/sys/fs/cgroup");

        Assert.Equal(expected, found.State);
        Assert.Contains(program, found.Finding);
    }

    [Fact]
    public void Strict_reverse_path_filters_matter_where_there_is_another_way_back()
    {
        Assert.Equal(CheckState.Ok, SysctlChecks.JudgeReversePath([("eth0", 1, true)]).State);
        Assert.Equal(CheckState.Ok, SysctlChecks.JudgeReversePath([("eth0", 2, true), ("eth1", 0, true)]).State);
        // A macvlan device of VRRP receives only.
        Assert.Equal(CheckState.Ok, SysctlChecks.JudgeReversePath([("eth0", 1, true), ("vrrp.51", 0, false)]).State);
        var found = SysctlChecks.JudgeReversePath([("eth0.7", 1, true), ("eth1", 0, true)]);
        Assert.Equal((CheckState.Warning, "`sysctl -w net.ipv4.conf.eth0/7.rp_filter=2`"), (found.State, found.Remedy));
    }

    [Theory]
    [InlineData(null, null, CheckState.Ok)]
    [InlineData(10, 100, CheckState.Ok)]
    [InlineData(80, 100, CheckState.Warning)]
    [InlineData(95, 100, CheckState.Problem)]
    public void A_full_table_of_nf_conntrack_drops_connections(int? count, int? max, object expected)
        => Assert.Equal(expected, SysctlChecks.JudgeConntrack(count, max).State);

    [Theory]
    [InlineData(null, null, false, CheckState.Ok)]
    [InlineData(null, null, true, CheckState.Warning)]
    [InlineData(32768, 65535, true, CheckState.Ok)]
    [InlineData(20000, 65535, false, CheckState.Warning)]
    public void A_masquerade_rule_shares_source_ports_by_its_range_or_by_chance(int? first, int? last, bool isRandom, object expected)
    {
        var rule = new NetfilterRule("ip", "nat", "FLANNEL-POSTRTG", new SourceNat((ushort?)first, (ushort?)last, isRandom));

        var found = Assert.Single(RuleChecks.Judge(new NetfilterRules([], [], [rule]), Snat));

        Assert.Equal(expected, found.State);
        if (found.State == CheckState.Warning) Assert.Contains("table ip nat, chain FLANNEL-POSTRTG", found.Finding);
    }

    [Fact]
    public void What_kube_proxy_has_left_is_found_in_each_of_its_forms()
    {
        var none = new NetfilterRules([], [new("ip", "nat", "KUBE-KUBELET-CANARY", false), new("ip", "filter", "KUBE-FIREWALL", false)],
            []);
        var iptables = new NetfilterRules([new("ip", "nat")], [new("ip", "nat", "KUBE-SVC-X", false)], []);
        var nftables = new NetfilterRules([new("ip", "kube-proxy")], [], []);
        var legacy = LegacyTables.Parse("iptables-legacy-save", ":KUBE-SERVICES - [0:0]\n-A X -j MASQUERADE --random-fully\n",
            LegacyTables.None);

        Assert.Equal(CheckState.Ok, Judge(none));
        Assert.Equal(CheckState.Warning, Judge(iptables, 4711));
        Assert.Equal(CheckState.Warning, Judge(nftables, 4711));
        Assert.Equal(CheckState.Warning, RuleChecks.JudgeLeft(none, true, [4711], LegacyTables.None).State);
        Assert.Equal(1, legacy.Masquerading);
        Assert.Contains("iptables-legacy-save", RuleChecks.JudgeLeft(none, false, [4711], legacy).Finding);
        Assert.Equal(CheckState.Unknown, RuleChecks.JudgeLeft(none, false, [], LegacyTables.None with { Unread = "not read" }).State);

        static CheckState Judge(NetfilterRules rules, params int[] pids) => RuleChecks.JudgeLeft(rules, false, pids,
            LegacyTables.None).State;
    }

    [Theory]
    [InlineData(-400, 365, CheckState.Ok)]
    [InlineData(-340, 25, CheckState.Warning)]
    [InlineData(-366, -1, CheckState.Problem)]
    [InlineData(1, 365, CheckState.Problem)]
    [InlineData(-1, 1, CheckState.Ok)]
    public void A_certificate_is_a_warning_before_its_end_and_a_problem_after_it(int fromDays, int toDays, object expected)
        => Assert.Equal(expected, ApiServerChecks.Judge(new CertificateEnd("it", Now.AddDays(fromDays), Now.AddDays(toDays)), Now).State);

    [Fact]
    public void What_a_server_refuses_comes_with_what_to_do()
    {
        var answer = new ServerAnswer("https://a:6443", null, ["cannot list services at https://a:6443: no; add the rule"]);

        var found = Assert.Single(ApiServerChecks.Judge(answer, isOnly: true));

        Assert.Equal((CheckState.Problem, "add the rule"), (found.State, found.Remedy));
        Assert.Equal(CheckState.Warning, Assert.Single(ApiServerChecks.Judge(answer, isOnly: false)).State);
    }

    [Fact]
    public void An_agent_is_judged_by_what_it_answers_or_by_what_it_has_left()
    {
        var status = FakeView.ReadyStatus;
        Assert.Equal(CheckState.Warning, AgentChecks.JudgeProcess(status, "pid 1").State);
        Assert.Equal(CheckState.Problem, AgentChecks.JudgeProcess(null, "pid 1").State);
        Assert.Equal(CheckState.Problem, AgentChecks.JudgeProcess(status with { Origin = Origin.Maps }, null).State);
        Assert.Equal(CheckState.Warning, AgentChecks.JudgeProcess(null, null).State);

        Assert.All(AgentChecks.JudgeState(status), c => Assert.Equal(CheckState.Ok, c.State));
        var bad = AgentChecks.JudgeState(status with
        {
            NotReady = ["the hooks are not attached"], Warnings = ["IPv6 forwarding is off; switch it on"],
            Source = status.Source! with { Error = "refused" },
            Drains =
            [
                new DrainRow("10.1.0.1:8080", null, status.Started!.Value, null, Forced: false) { UsedBy = ["default/web:/TCP/IPv4"] },
            ],
        }).ToList();
        Assert.Equal([CheckState.Problem, CheckState.Problem, CheckState.Warning, CheckState.Warning], bad.Select(c => c.State));
        Assert.Equal("switch it on", bad[^2].Remedy);
        Assert.Equal(
            "10.1.0.1:8080 of all Services is drained since 2025-01-01T00:00:00Z, until it is undrained, and used all the same by "
                + "default/web:/TCP/IPv4: nothing else is left there", bad[^1].Finding);
    }
}
