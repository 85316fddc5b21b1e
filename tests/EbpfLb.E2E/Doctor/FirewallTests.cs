using System.Text.Json;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Doctor;

/// <summary>
/// A firewall of the node that lets pass what kube-proxy translates drops what the programs have sent to a backend here. `ebpflb doctor`
/// says so, and what it advises helps.
/// </summary>
public sealed class FirewallTests : IDisposable
{
    /// <summary>It lets pass what netfilter translates, as firewalld does.</summary>
    private const string LikeFirewalld = "table inet fw { chain f { type filter hook forward priority 10; "
        + "ct state established,related accept; ct status dnat accept; ct state invalid drop; reject; }; }";

    private readonly TestCluster cluster = new();

    private static readonly Family[] Families = [Family.IPv4, Family.IPv6];

    [Fact]
    public void A_firewall_that_accepts_what_was_translated_drops_connections_to_backends_here_until_pods_are_let_in()
    {
        var (here, there) = (cluster.Publish("a"), cluster.Publish("c"));
        AssertServed(here);
        Nft(LikeFirewalld);

        foreach (var family in Families) Assert.Equal(0, Load(here, family).Answered);
        AssertServed(there);
        var (states, finding, remedy) = Doctor("firewall.forward");
        Assert.Equal(["warning"], states);
        Assert.Contains("table inet fw, chain f (hook forward): a rule of chain f rejects, so new connections to pods "
            + "(10.244.0.0/16, fd00:10:244::/48) and between pods, such as those to ClusterIPs, fail",
            finding);
        Follow(remedy);

        AssertServed(here);
        Assert.Equal(["ok"], Doctor("firewall.forward").States);
    }

    [Fact]
    public void Sets_and_maps_of_states_are_read()
    {
        Nft("table inet fw { chain f { type filter hook forward priority 10; policy drop; "
            + "ct state vmap { established : accept, related : accept, invalid : drop }; ct state { established, related } accept; "
            + "iifname { \"lo\", \"docker0\" } accept; ip daddr { 10.8.0.0/16, 10.9.0.0/16 } accept; "
            + "meta l4proto { icmp, icmpv6 } accept; }; }");

        var (states, finding, remedy) = Doctor("firewall.forward");

        Assert.All(states, s => Assert.Equal("warning", s));
        Assert.Contains("its policy is drop", finding);
        Follow(remedy);
        Assert.Equal(["ok"], Doctor("firewall.forward").States);
    }

    [Fact]
    public void What_cannot_be_judged_is_not_said_to_be_in_order()
    {
        Nft("table inet fw { chain f { type filter hook forward priority 10; policy drop; ip dscp 10 accept; }; }");

        Assert.Contains("unknown", Doctor("firewall.forward").States);
    }

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public void A_policy_of_FORWARD_drops_them_too_beside_kube_proxys_mark_and_rules_for_other_devices(string kind)
    {
        var here = cluster.Publish("a");
        foreach (var family in (string[])["", "6"])
            Restore(family, kind, """
                *filter
                :FORWARD DROP [0:0]
                :KUBE-FORWARD - [0:0]
                -A FORWARD -j KUBE-FORWARD
                -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
                -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
                -A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
                -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                COMMIT
                """);

        foreach (var family in Families)
            Assert.Equal(0, cluster.Probe.Load(new LoadSpec(
                LoadMode.Tcp, here.Address(cluster, Way.NodePortOfFirst, family)) { Count = 1, Timeout = TimeSpan.FromMilliseconds(300) })
                .Answered);
        var (states, finding, remedy) = Doctor("firewall.forward");
        Assert.True(states.All(s => s == "warning"), finding);
        Assert.Contains("its policy is drop", finding);
        Assert.Contains($"`iptables{(kind == "nft" ? "" : "-legacy")} -I FORWARD -d 10.244.0.0/16 -j ACCEPT`", remedy);
        Follow(remedy);

        AssertServed(here);
        Assert.Equal(["ok"], Doctor("firewall.forward").States);
    }

    [Fact]
    public void A_health_check_port_that_an_INPUT_policy_closes_is_named()
    {
        var service = cluster.NewService("a");
        service = cluster.Publish(service with
        {
            Manifest = service.Manifest with { ExternalTrafficPolicy = "Local", HealthCheckNodePort = 30_500 },
        });
        Assert.Equal(["ok"], Doctor("firewall.input").States);
        Nft("table inet fw { chain i { type filter hook input priority 0; policy drop; ct state established,related accept; "
            + "iifname lo accept; meta l4proto { icmp, icmpv6 } accept; tcp dport 22 accept; }; }");

        var (states, finding, remedy) = Doctor("firewall.input");

        Assert.True(states.All(s => s == "warning"), finding);
        Assert.Contains("port 30500 (healthCheckNodePort)", finding);
        Follow(remedy);
        Assert.Equal(["ok"], Doctor("firewall.input").States);
    }

    [Theory]
    [InlineData("-m raw -A PREROUTING -i eth0 -p tcp --dport 30000:32767 ! -s 192.0.2.0/24 -j DROP", "raw, chain PREROUTING")]
    [InlineData("-m filter -A INPUT -p tcp -m multiport --dports 22,30000:30100 -j DROP", "filter, chain INPUT (hook input)")]
    public void Rules_that_guard_NodePorts_do_not_see_what_is_served_and_are_named(string rule, string where)
    {
        var here = cluster.Publish("a");
        Assert.Equal(["ok"], Doctor("firewall.services").States);
        var words = rule.Split(' ');
        foreach (var tool in (string[])["iptables-nft", "ip6tables-nft"])
        {
            if (tool[2] == '6' && rule.Contains("192.0.2", StringComparison.Ordinal)) continue;
            Run([RepositoryPaths.Tool(tool), "-t", words[1], .. words[2..]]);
        }

        AssertServed(here);

        var (states, finding, remedy) = Doctor("firewall.services");
        Assert.All(states, s => Assert.Equal("warning", s));
        Assert.Contains(where, finding);
        Assert.Contains("drops what goes to NodePorts", finding);
        Assert.Contains("loadBalancerSourceRanges", remedy);
    }

    [Fact]
    public void A_policy_of_IPsec_that_blocks_holds_for_what_the_programs_send_and_doctor_warns()
    {
        var there = cluster.Publish("c");
        Assert.Equal(["ok"], Doctor("ipsec.policies").States);
        AssertServed(there);
        var pod = cluster.Pod("c").IPv4;
        cluster.First.Netns.Configure($"xfrm policy add src 0.0.0.0/0 dst {pod}/32 dir out action block");

        Assert.Equal(0, cluster.Probe.Load(new LoadSpec(
            LoadMode.Tcp, there.Address(cluster, Way.NodePortOfFirst, Family.IPv4)) { Count = 1, Timeout = TimeSpan.FromMilliseconds(300) })
            .Answered);

        var (states, finding, _) = Doctor("ipsec.policies");
        Assert.Equal(["warning"], states);
        Assert.Contains($"0.0.0.0/0 to {pod}/32", finding);
    }

    public void Dispose() => cluster.Dispose();

    private LoadReport Load(OutsideService service, Family family)
        => cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, Way.NodePortOfFirst, family), 5);

    private void AssertServed(OutsideService service)
    {
        foreach (var family in Families) cluster.CheckClean(Load(service, family));
    }

    private (IReadOnlyList<string> States, string Finding, string Remedy) Doctor(string check)
    {
        var (_, text) = cluster.First.Agent.Command("doctor", "-o", "json");
        var found = JsonDocument.Parse(text).RootElement.GetProperty("checks").EnumerateArray()
            .Where(c => c.GetProperty("check").GetString() == check).ToList();
        return ([.. found.Select(c => c.GetProperty("state").GetString()!)], All("finding"), All("remedy"));

        string All(string field) => string.Join("; ", found.Select(c => c.GetProperty(field).GetString()));
    }

    /// <summary>Runs what stands between backquotes.</summary>
    private void Follow(string remedy)
    {
        foreach (var command in remedy.Split('`').Where((_, i) => i % 2 == 1)) Run(["sh", "-c", command]);
    }

    private void Nft(string commands) => Run([RepositoryPaths.Tool("nft"), commands]);

    private void Restore(string family, string kind, string rules)
        => Run(["sh", "-c", $"ip{family}tables-{kind}-restore --noflush <<'END'\n{rules}\nEND"]);

    private void Run(IReadOnlyList<string> command)
    {
        var (code, text) = ChildProcess.Run(cluster.First.Netns.Place, command);
        Assert.True(code == 0, $"{string.Join(' ', command)}: {text}");
    }
}
