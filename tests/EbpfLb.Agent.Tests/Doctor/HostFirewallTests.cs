using System.Net;
using EbpfLb.Agent.Firewall;
using EbpfLb.Agent.Migration;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Tests.Doctor;

/// <summary>What rules of a firewall do to new connections that netfilter did not translate, by what iptables-save prints.</summary>
public sealed class HostFirewallTests
{
    private static readonly IPNetwork Pods = IPNetwork.Parse("10.244.1.0/24");

    /// <summary>Answers of pods pass.</summary>
    private const string Answered = "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

    private static readonly FirewallSurroundings Around = new([("eth0", 2)], new PortRange(30000, 32767))
    {
        Pods = [new PodDestination(NewConnection.RangeOf(Pods), IPNetwork.Parse("10.244.0.0/16"), ("cni0", 5))],
        Own = [IPAddress.Parse("192.0.2.1")],
        OwnPorts = new SortedDictionary<ushort, string> { [30500] = "healthCheckNodePort" },
        Frontends = [IPAddress.Parse("203.0.113.9")],
    };

    [Theory]
    [InlineData("")]
    [InlineData("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")]
    [InlineData("-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT")]
    [InlineData("-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT")]
    [InlineData("-A FORWARD -i docker0 ! -o docker0 -j ACCEPT")]
    [InlineData("-A FORWARD -o docker0 -j ACCEPT")]
    [InlineData("-A FORWARD -p icmp -j ACCEPT")]
    [InlineData("-A FORWARD -s 127.0.0.0/8 -j ACCEPT")]
    [InlineData("-A FORWARD -s 10.244.0.0/16 -j ACCEPT")]
    [InlineData("-A FORWARD -m addrtype --dst-type LOCAL -j ACCEPT")]
    [InlineData("-A FORWARD -m rt --rt-type 0 -j ACCEPT")]
    [InlineData("-A FORWARD -d 10.245.0.0/16 -j ACCEPT")]
    [InlineData("-A FORWARD -j OTHER\n-A OTHER -j RETURN\n-A OTHER -j ACCEPT")]
    [InlineData("-A FORWARD -g OTHER\n-A FORWARD -j ACCEPT")]
    [InlineData("-A FORWARD -m limit --limit 3/min -j LOG --log-prefix \"[UFW BLOCK] \"")]
    public void Nothing_of_this_lets_them_pass_where_the_policy_is_drop(string rules)
    {
        var found = Assert.Single(Forward(rules));

        Assert.True(found.IsSure, found.Finding);
        Assert.Contains("its policy is drop", found.Finding);
        Assert.StartsWith("`iptables-legacy -I FORWARD -d 10.244.0.0/16 -j ACCEPT`", found.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-A FORWARD -d 10.244.0.0/16 -j ACCEPT")]
    [InlineData("-A FORWARD -d 10.244.1.0/24 -j ACCEPT")]
    [InlineData("-A FORWARD -o cni+ -j ACCEPT")]
    [InlineData("-A FORWARD -i eth0 -m conntrack --ctstate NEW -j ACCEPT")]
    [InlineData("-A FORWARD ! -i docker0 -j OTHER\n-A OTHER -j ACCEPT")]
    [InlineData("-A FORWARD -m mark ! --mark 0x4000/0x4000 -j ACCEPT")]
    public void Each_of_these_lets_them_pass(string rules) => Assert.Empty(Forward(Answered + rules));

    [Theory]
    [InlineData("-A FORWARD -d 10.244.1.0/25 -j ACCEPT")]
    [InlineData("-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT")]
    [InlineData("-A FORWARD -m set --match-set pods dst -j ACCEPT")]
    [InlineData("-A FORWARD -s 10.0.0.0/8 -j ACCEPT")]
    [InlineData("-A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT")]
    [InlineData("-A FORWARD -m set --match-set pods dst -j OTHER\n-A OTHER -j ACCEPT")]
    public void These_may_let_them_pass_which_is_not_known(string rules) => Assert.False(Assert.Single(Forward(Answered + rules)).IsSure);

    [Fact]
    public void What_pods_answer_has_to_pass_too()
    {
        var found = Assert.Single(Forward("-A FORWARD -d 10.244.0.0/16 -j ACCEPT"));

        Assert.True(found.IsSure);
        Assert.Contains("its policy is drop, so answers of pods (10.244.0.0/16) to clients outside fail", found.Finding);
        Assert.Contains("`iptables-legacy -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`", found.Remedy);
    }

    [Fact]
    public void What_pods_send_to_pods_of_other_nodes_is_looked_at_by_itself()
    {
        var around = Around with
        {
            RemotePods =
            [
                new PodDestination(NewConnection.RangeOf(IPNetwork.Parse("10.244.2.0/24")), IPNetwork.Parse("10.244.0.0/16"), ("eth0", 2)),
            ],
        };
        const string FromOutside = Answered + "-A FORWARD -i eth0 -j ACCEPT\n";

        var found = Assert.Single(new HostFirewall(Parse("FORWARD", FromOutside, "DROP"), around).Forward());

        Assert.Contains("so new connections between pods (10.244.0.0/16), such as those to ClusterIPs, fail", found.Finding);
        Assert.Empty(new HostFirewall(Parse("FORWARD", FromOutside + "-A FORWARD -s 10.244.1.0/24 -j ACCEPT", "DROP"), around).Forward());
    }

    /// <summary>As the CNI plugin firewall writes them, for each pod.</summary>
    [Fact]
    public void Rules_about_single_pods_are_judged_by_the_backends()
    {
        const string OfPlugin = "-A FORWARD -d 10.244.1.7/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
            + "-A FORWARD -s 10.244.1.7/32 -j ACCEPT\n";
        var around = Around with { Pods = [Around.Pods[0] with { Backends = [NewConnection.RangeOf(IPAddress.Parse("10.244.1.7"))] }] };

        var found = Assert.Single(new HostFirewall(Parse("FORWARD", OfPlugin, "DROP"), around).Forward());
        Assert.True(found.IsSure, found.Finding);
        Assert.Contains("so new connections to pods (10.244.0.0/16) fail", found.Finding);

        const string LetIn = OfPlugin + "-A FORWARD -d 10.244.0.0/16 -j ACCEPT";
        Assert.Empty(new HostFirewall(Parse("FORWARD", LetIn, "DROP"), around).Forward());
        var other = Around with { Pods = [Around.Pods[0] with { Backends = [NewConnection.RangeOf(IPAddress.Parse("10.244.1.8"))] }] };
        found = Assert.Single(new HostFirewall(Parse("FORWARD", LetIn, "DROP"), other).Forward());
        Assert.True(found.IsSure, found.Finding);
        Assert.Contains("so answers of pods (10.244.0.0/16) to clients outside fail", found.Finding);
    }

    [Fact]
    public void What_passes_over_a_bridge_is_looked_at_where_netfilter_is_asked_about_it()
    {
        const string FromOutside = Answered + "-A FORWARD -i eth0 -j ACCEPT\n";
        Assert.Empty(Forward(FromOutside));
        var around = Around with { Pods = [Around.Pods[0] with { IsFilteredBridge = true }] };

        var found = Assert.Single(new HostFirewall(Parse("FORWARD", FromOutside, "DROP"), around).Forward());

        Assert.Contains("so new connections between pods (10.244.0.0/16), such as those to ClusterIPs, fail", found.Finding);
    }

    /// <summary>Tried beside the CNI plugin bridge (ForwardPolicyTests): IPv4 worked then, and IPv6 did not.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("-A FORWARD -m conntrack --ctstate NEW -j ACCEPT", false)]
    [InlineData("-A FORWARD -p ipv6-icmp -j ACCEPT", true)]
    [InlineData("-A FORWARD -d ff02::1:ff00:0/104 -j ACCEPT", true)]
    [InlineData("-A FORWARD -s fd00:10:244::/64 -j ACCEPT", true)]
    public void Pods_of_a_filtered_bridge_have_to_find_each_other(string rules, bool isLetPass)
    {
        var around = Around with
        {
            Pods =
            [
                new PodDestination(NewConnection.RangeOf(IPNetwork.Parse("fd00:10:244::/64")), IPNetwork.Parse("fd00:10:244::/48"),
                    ("cni0", 5))
                {
                    IsFilteredBridge = true,
                },
            ],
        };

        var found = new HostFirewall(LegacyRules.Parse("ip6", SavedTable.Parse(
            $"*filter\n:FORWARD DROP [0:0]\n{Answered}-A FORWARD -d fd00:10:244::/48 -j ACCEPT\n{rules}\nCOMMIT\n")!), around).Forward();

        if (isLetPass) Assert.Empty(found);
        else Assert.Contains("so neighbour solicitations between pods of one bridge (fd00:10:244::/48) fail", Assert.Single(found).Finding);
        Assert.All(found, f => Assert.Contains("`ip6tables-legacy -I FORWARD -d ff02::1:ff00:0/104 -j ACCEPT`", f.Remedy));
    }

    [Fact]
    public void A_rule_for_one_device_of_clients_does_not_make_that_of_another_unknown()
    {
        var around = Around with { Inputs = [("eth0", 2), ("docker0", 7)] };

        const string Rules = Answered + "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT";

        var found = Assert.Single(new HostFirewall(Parse("FORWARD", Rules, "DROP"), around).Forward());

        Assert.True(found.IsSure);
    }

    [Fact]
    public void A_drop_before_routing_is_one_too_and_the_advice_names_the_table()
    {
        var rules = LegacyRules.Parse("ip", SavedTable.Parse("*mangle\n:PREROUTING DROP [0:0]\nCOMMIT\n")!);

        var found = Assert.Single(new HostFirewall(rules, Around).Forward());

        Assert.Contains("chain PREROUTING (hook prerouting): its policy is drop", found.Finding);
        Assert.Contains("`iptables-legacy -t mangle -I PREROUTING -d 10.244.0.0/16 -j ACCEPT`", found.Remedy);
        Assert.EndsWith("drops all that comes in", Assert.Single(GuardRules.Find(rules, Around)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_drop_whose_condition_is_not_known_is_not_in_order_either()
    {
        var found = Assert.Single(Forward("-A FORWARD -m set --match-set bad src -j DROP", "ACCEPT"));

        Assert.False(found.IsSure);
        Assert.Contains("a rule of chain FORWARD drops under conditions that could not be judged", found.Finding);
        Assert.Empty(Forward("-A FORWARD -m conntrack --ctstate INVALID -j DROP", "ACCEPT"));
    }

    [Fact]
    public void Of_ufw_and_firewalld_the_advice_is_their_own()
    {
        var found = Assert.Single(Forward(":ufw-user-forward - [0:0]\n-A FORWARD -j ufw-user-forward"));

        Assert.Equal("`ufw route allow to 10.244.0.0/16`", found.Remedy);
        Assert.Empty(Forward($":ufw-user-forward - [0:0]\n{Answered}-A FORWARD -j ufw-user-forward\n"
            + "-A ufw-user-forward -d 10.244.0.0/16 -j ACCEPT"));
    }

    [Theory]
    [InlineData("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", false)]
    [InlineData("-A INPUT -p tcp -m multiport --dports 22,30000:32767 -j ACCEPT", true)]
    [InlineData("-A INPUT -p tcp -m tcp --dport 30500 -j ACCEPT", true)]
    [InlineData("-A INPUT -d 192.0.2.0/24 -j ACCEPT", true)]
    [InlineData("-A INPUT -m addrtype ! --dst-type LOCAL -j DROP\n-A INPUT -p tcp -m tcp --dport 30500 -j ACCEPT", true)]
    [InlineData("-A INPUT -m addrtype --dst-type LOCAL -j OTHER\n-A INPUT -j ACCEPT\n-A OTHER -j DROP", false)]
    public void Ports_of_the_node_are_looked_at_one_by_one(string rules, bool isOpen)
    {
        var found = new HostFirewall(Parse("INPUT", rules, "DROP"), Around).Input();

        Assert.Equal(isOpen, found.Count == 0);
        Assert.All(found, f => Assert.Contains("port 30500 (healthCheckNodePort)", f.Finding));
    }

    [Theory]
    [InlineData("-A INPUT -p tcp -m tcp --dport 30000:32767 -j DROP", "NodePorts (30000-32767)")]
    [InlineData("-A INPUT -p tcp -m tcp --dport 31000 -j OTHER\n-A OTHER ! -s 10.0.0.0/8 -j REJECT", "NodePorts (31000-31000)")]
    [InlineData("-A INPUT -d 203.0.113.9/32 -j DROP", "the Service address 203.0.113.9")]
    [InlineData("-A INPUT -d 203.0.113.8/32 -j DROP", null)]
    [InlineData("-A INPUT -p tcp -m tcp --dport 22 -j DROP", null)]
    [InlineData("-A INPUT -p tcp -m tcp --dport 31000 -j ACCEPT", null)]
    [InlineData("-A INPUT -p tcp -m conntrack --ctstate INVALID -m tcp --dport 31000 -j DROP", null)]
    [InlineData("-A INPUT -j DROP", null)]
    public void Drops_that_are_about_NodePorts_or_addresses_of_Services_are_found(string rules, string? guarded)
    {
        var found = GuardRules.Find(Parse("INPUT", rules, "ACCEPT"), Around);

        if (guarded is null) Assert.Empty(found);
        else Assert.EndsWith(guarded, Assert.Single(found), StringComparison.Ordinal);
    }

    private static IReadOnlyList<FirewallFinding> Forward(string rules, string policy = "DROP")
        => new HostFirewall(Parse("FORWARD", rules, policy), Around).Forward();

    private static Netlink.Netfilter.NetfilterRules Parse(string chain, string rules, string policy) => LegacyRules.Parse(
        "ip", SavedTable.Parse($"*filter\n:{chain} {policy} [0:0]\n:OTHER - [0:0]\n{rules}\nCOMMIT\n")!);
}
