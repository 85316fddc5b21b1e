using System.Text.Json;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Migration;

/// <summary>
/// A node goes from kube-proxy's rules to an agent and back: connections that began before go on, rules of others stay as they are.
/// </summary>
public sealed class MigrateTests : IDisposable
{
    private const int Count = 100;

    private static readonly Family[] Families = [Family.IPv4, Family.IPv6];

    /// <summary>Of the kubelet, of a CNI plugin's hostPort that uses kube-proxy's mark, and of flannel.</summary>
    private const string Others = """
        *mangle
        :KUBE-KUBELET-CANARY - [0:0]
        :KUBE-IPTABLES-HINT - [0:0]
        COMMIT
        *filter
        :KUBE-KUBELET-CANARY - [0:0]
        :KUBE-FIREWALL - [0:0]
        :FLANNEL-FWD - [0:0]
        -A INPUT -j KUBE-FIREWALL
        -A OUTPUT -j KUBE-FIREWALL
        -A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP
        -A FORWARD -m comment --comment "flanneld \"forward\" -j KUBE-FORWARD" -j FLANNEL-FWD
        -A FLANNEL-FWD -m comment --comment "flanneld forward" -j ACCEPT
        COMMIT
        *nat
        :KUBE-KUBELET-CANARY - [0:0]
        :OTHERS-POST - [0:0]
        -A POSTROUTING -j OTHERS-POST
        COMMIT
        """;

    /// <summary>What a kubelet of before 1.28 has in the table nat.</summary>
    private const string Kubelet = """
        *nat
        :KUBE-MARK-MASQ - [0:0]
        :KUBE-POSTROUTING - [0:0]
        -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
        -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
        -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
        -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
        -I POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
        COMMIT
        """;

    private readonly DirectoryInfo state = Directory.CreateTempSubdirectory("ebpflb-migrate-");

    [Theory]
    [InlineData("iptables-nft")]
    [InlineData("iptables-legacy")]
    [InlineData("nftables")]
    public void Connections_go_on_and_rules_go_and_come_back(string mode)
    {
        using var bed = new MigrationBed(mode);
        foreach (var family in (string[])["ip", "ip6"]) bed.Restore(family, Others);
        var others = bed.Rules();
        bed.LoadKubeProxy();
        var before = bed.Rules();
        using var held = new HeldThroughMigration(bed, Count);
        held.AskAll();

        bed.StartAgent();
        var plan = JsonDocument.Parse(Succeed(bed, "plan", "-o", "json")).RootElement;
        Assert.Empty(Strings(plan, "stops"));
        Assert.Equal(Count * 2, plan.GetProperty("connections").GetProperty("tcp").GetInt32());
        Assert.Equal(before, bed.Rules());

        Succeed(bed, "run");

        held.AskAll();
        AssertServed(bed);
        var after = MigrationBed.WithoutHold(bed.Rules());
        Assert.DoesNotContain("KUBE-SVC", after, StringComparison.Ordinal);
        Assert.DoesNotContain("KUBE-SEP", after, StringComparison.Ordinal);
        Assert.DoesNotContain("kube-proxy", after, StringComparison.Ordinal);
        Assert.Equal(others, after);

        Assert.Contains("nothing of kube-proxy's rules is left", Succeed(bed, "run"), StringComparison.Ordinal);
        Succeed(bed, "rollback");
        Assert.Equal(before, bed.Rules());
        Assert.Contains("nothing is saved", Succeed(bed, "rollback"), StringComparison.Ordinal);
        held.AskAll();
        AssertServed(bed);
        Assert.Equal(0, held.Cut);
    }

    [Theory]
    [InlineData("iptables-nft")]
    [InlineData("nftables")]
    public void What_holds_nf_conntrack_goes_when_no_connection_needs_it(string mode)
    {
        using var bed = new MigrationBed(mode);
        bed.LoadKubeProxy();
        bed.StartAgent();
        Succeed(bed, "run");

        Assert.DoesNotContain("EBPFLB", bed.Rules(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("iptables-nft")]
    [InlineData("iptables-legacy")]
    [InlineData("nftables")]
    public void Without_what_holds_nf_conntrack_netfilter_would_forget_connections(string mode)
    {
        using var bed = new MigrationBed(mode);
        bed.LoadKubeProxy();
        bed.Outside.Do($"hold id=held to={bed.ToNodePort(Family.IPv4)} count={Count}");
        bed.StartAgent();
        Assert.Contains($"{Count} TCP", Succeed(bed, "run"), StringComparison.Ordinal);
        Assert.Equal($"{Count}", bed.Outside.Ask("exchange id=held")["answered"]);

        if (mode == "nftables") bed.Run(RepositoryPaths.Tool("nft"), "delete", "table", "ip", "ebpflb-migrated");
        else bed.Restore("ip", "*nat\n:EBPFLB-MIGRATED - [0:0]\n-X EBPFLB-MIGRATED\nCOMMIT");

        Assert.Equal("0", bed.Outside.Ask("exchange id=held")["answered"]);
    }

    [Fact]
    public void A_chain_that_a_hostPort_uses_stays_and_is_named()
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        bed.Restore("ip", """
            *nat
            :CNI-DN-0123456789abcdef - [0:0]
            -A CNI-DN-0123456789abcdef -s 10.244.0.0/24 -p tcp -m tcp --dport 8081 -j KUBE-MARK-MASQ
            COMMIT
            """);
        bed.StartAgent();

        Assert.Contains("KUBE-MARK-MASQ: CNI-DN-0123456789abcdef jumps to it", Succeed(bed, "run"), StringComparison.Ordinal);

        var rules = bed.Rules();
        Assert.Contains("-A KUBE-MARK-MASQ -j MARK", rules, StringComparison.Ordinal);
        Assert.Contains("-j KUBE-POSTROUTING", rules, StringComparison.Ordinal);
        Assert.Contains("MASQUERADE --random-fully", rules, StringComparison.Ordinal);
        Assert.DoesNotContain("KUBE-SVC", rules, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_warns_of_policies_that_drop_what_kube_proxys_rules_let_pass()
    {
        using var bed = new MigrationBed("iptables-nft", isLocal: true);
        bed.LoadKubeProxy();
        foreach (var family in (string[])["ip", "ip6"])
            bed.Restore(family, """
                *filter
                :INPUT DROP [0:0]
                :FORWARD DROP [0:0]
                -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                -A INPUT -i lo -j ACCEPT
                -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
                COMMIT
                *raw
                -A PREROUTING -p tcp -m tcp --dport 30000:32767 -m mark --mark 0x77 -j DROP
                COMMIT
                """);
        bed.StartAgent();
        bed.Agent.WaitUntilReady();

        var warnings = Strings(JsonDocument.Parse(Succeed(bed, "plan", "-o", "json")).RootElement, "warnings").ToList();

        foreach (var (table, tool) in new[] { ("ip", "iptables"), ("ip6", "ip6tables") })
        {
            Assert.Contains(warnings, w => w.StartsWith(
                $"table {table} filter, chain FORWARD (hook forward): its policy is drop, so new connections to pods",
                StringComparison.Ordinal)
                && w.Contains($"`{tool} -I FORWARD -d ", StringComparison.Ordinal));
            Assert.Contains(warnings, w => w.StartsWith(
                $"table {table} filter, chain INPUT (hook input): its policy is drop", StringComparison.Ordinal)
                && w.Contains($"port {MigrationBed.HealthCheckPort} (healthCheckNodePort)", StringComparison.Ordinal));
            Assert.Contains(warnings, w => w.StartsWith(
                $"table {table} raw, chain PREROUTING (hook prerouting) drops what goes to NodePorts", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void It_refuses_without_an_agent_and_while_kube_proxy_runs()
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        var before = bed.Rules();
        bed.StartAgent();
        var program = Path.Combine(state.FullName, "kube-proxy");
        File.Copy(RepositoryPaths.Netprobe, program);
        var kubeProxy = bed.Keep(ChildProcess.Start(bed.Node.Place, [program, "shell", "--proxy-mode=iptables"]));

        // Until then it may be the shell that becomes it.
        kubeProxy.WriteLine("x");
        kubeProxy.ReadLine();

        var running = bed.Agent.Command("migrate", ["run", .. State]);
        Assert.Equal(3, running.ExitCode);
        Assert.Contains($"kube-proxy runs (process {kubeProxy.Id}, mode iptables)", running.Output, StringComparison.Ordinal);
        kubeProxy.Kill();
        bed.Agent.Kill();
        var (code, said) = bed.Agent.Command("migrate", ["run", .. State]);

        Assert.Equal(3, code);
        Assert.Contains("EbpfLb does not serve yet", said, StringComparison.Ordinal);
        Assert.Equal(before, bed.Rules());
    }

    [Fact]
    public void It_refuses_where_IPVS_mode_left_its_device()
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        var before = bed.Rules();
        bed.StartAgent();
        bed.Node.Configure("link add kube-ipvs0 type bridge");

        var (code, said) = bed.Agent.Command("migrate", ["run", .. State]);

        Assert.Equal(3, code);
        Assert.Contains("kube-proxy's IPVS mode left the device kube-ipvs0", said, StringComparison.Ordinal);
        Assert.Equal(before, bed.Rules());
    }

    [Fact]
    public void A_run_that_failed_in_the_middle_is_finished_by_the_next_and_rolled_back_as_a_whole()
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        var before = bed.Rules();
        bed.StartAgent();
        // iptables-save does not show it, and the kernel removes no chain that is in a map.
        Nft(bed, "add map ip filter others { type mark : verdict; elements = { 1 : jump KUBE-FORWARD } }");

        var (code, said) = bed.Agent.Command("migrate", ["run", .. State]);
        Assert.Equal(1, code);
        Assert.Contains("iptables-nft, ip, nat: removed", said, StringComparison.Ordinal);
        Assert.Contains("cannot run: iptables-nft, ip, filter: ", said, StringComparison.Ordinal);
        Assert.Contains(":KUBE-FORWARD", bed.Rules(), StringComparison.Ordinal);
        AssertServed(bed);
        Nft(bed, "delete map ip filter others");
        Succeed(bed, "run");

        Assert.DoesNotContain("KUBE-FORWARD", bed.Rules(), StringComparison.Ordinal);
        Succeed(bed, "rollback");
        Assert.Equal(before, bed.Rules());
    }

    [Fact]
    public void What_was_saved_outlives_a_kubelet_that_makes_its_chains_again()
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        var before = bed.Rules();
        bed.StartAgent();
        Nft(bed, "add map ip filter others { type mark : verdict; elements = { 1 : jump KUBE-FORWARD } }");
        var (code, said) = bed.Agent.Command("migrate", ["run", .. State]);
        Assert.Equal(1, code);
        Assert.Contains("iptables-nft, ip, nat: removed", said, StringComparison.Ordinal);

        // The first time it comes between a failed run and the next one, then after runs that were finished.
        bed.Restore("ip", Kubelet);
        Nft(bed, "delete map ip filter others");
        Succeed(bed, "run");
        for (var i = 0; i < 2; i++)
        {
            foreach (var family in (string[])["ip", "ip6"]) bed.Restore(family, Kubelet);
            Succeed(bed, "run");
            Assert.DoesNotContain("KUBE-MARK-MASQ", bed.Rules(), StringComparison.Ordinal);
        }

        Succeed(bed, "rollback");
        Assert.Equal(before, bed.Rules());
    }

    public void Dispose() => state.Delete(recursive: true);

    private string[] State => ["--state-dir", state.FullName];

    private string Succeed(MigrationBed bed, string verb, params IReadOnlyList<string> options)
    {
        var (code, output) = bed.Agent.Command("migrate", [verb, .. options, .. State]);
        Assert.True(code == 0, $"{verb} ended with {code}:\n{output}\n{bed.Rules()}");
        return output;
    }

    private static void AssertServed(MigrationBed bed)
    {
        foreach (var family in Families)
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            {
                Assert.True(bed.Pod.Load(mode, MigrationBed.ToClusterIP(family), 20).IsClean, $"{mode} of a pod, {family}");
                Assert.True(bed.Outside.Load(mode, bed.ToNodePort(family), 20).IsClean, $"{mode} from outside, {family}");
            }
        }
    }

    private static IEnumerable<string> Strings(JsonElement json, string name)
        => json.GetProperty(name).EnumerateArray().Select(s => s.GetString()!);

    private static void Nft(MigrationBed bed, string command) => bed.Run(RepositoryPaths.Tool("nft"), command);
}
