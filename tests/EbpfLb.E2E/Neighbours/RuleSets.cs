namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// The masquerade rules of the usual CNI plugins and their helpers, for the pods of a test cluster (10.244.0.0/16, fd00:10:244::/48).
/// </summary>
internal static class RuleSets
{
    public static IReadOnlyList<RuleSet> All { get; } = [Flannel, Calico, Kindnet, AwsVpc, IpMasqAgent];

    /// <summary>Masquerades what leaves the pods' network and what comes to it from elsewhere, drawing ports at random.</summary>
    private static RuleSet Flannel => new("flannel")
    {
        Iptables = FlannelOf("10.244.0.0/16", "HERE4", "224.0.0.0/4"),
        Ip6tables = FlannelOf("fd00:10:244::/48", "HERE6", "ff00::/8"),
        Meets = "masquerade",
    };

    /// <summary>
    /// In its nftables form: sets of pools, connections that conntrack calls invalid are dropped on the way to and from pods.
    /// </summary>
    private static RuleSet Calico => new("Calico")
    {
        Nft = CalicoOf("ip", "ipv4_addr", "10.244.0.0/16") + CalicoOf("ip6", "ipv6_addr", "fd00:10:244::/48"),
        Meets = "masquerade",
    };

    /// <summary>Masquerades all that is not for pods, the node's own connections too.</summary>
    private static RuleSet Kindnet => new("kindnet")
    {
        Iptables = MasqAgentOf("KIND-MASQ-AGENT", "kind-masq-agent", "MASQUERADE", "10.244.0.0/16"),
        Ip6tables = MasqAgentOf("KIND-MASQ-AGENT", "kind-masq-agent", "MASQUERADE", "fd00:10:244::/48"),
        Meets = "masquerade",
    };

    /// <summary>
    /// A source address of the node for what leaves the VPC, and marks by which replies leave by the device that requests came in by. IPv6
    /// has no rules.
    /// </summary>
    private static RuleSet AwsVpc => new("AWS VPC CNI")
    {
        Iptables = """
            *mangle
            -A PREROUTING -i eth0 -m comment --comment "AWS, primary ENI" -m addrtype --dst-type LOCAL --limit-iface-in -j CONNMARK --set-xmark 0x80/0x80
            -A PREROUTING -i p-+ -m comment --comment "AWS, primary ENI" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
            COMMIT
            *nat
            :AWS-CONNMARK-CHAIN-0 - [0:0]
            :AWS-SNAT-CHAIN-0 - [0:0]
            -A PREROUTING -i p-+ -m comment --comment "AWS, outbound connections" -j AWS-CONNMARK-CHAIN-0
            -A PREROUTING -m comment --comment "AWS, CONNMARK" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
            -A AWS-CONNMARK-CHAIN-0 -d 10.244.0.0/16 -m comment --comment "AWS CONNMARK CHAIN, VPC CIDR" -j RETURN
            -A AWS-CONNMARK-CHAIN-0 -m comment --comment "AWS, CONNMARK" -j CONNMARK --set-xmark 0x80/0x80
            -A POSTROUTING -m comment --comment "AWS SNAT CHAIN" -j AWS-SNAT-CHAIN-0
            -A AWS-SNAT-CHAIN-0 -d 10.244.0.0/16 -m comment --comment "AWS SNAT CHAIN" -j RETURN
            -A AWS-SNAT-CHAIN-0 ! -o vlan+ -m comment --comment "AWS, SNAT" -m addrtype ! --dst-type LOCAL -j SNAT --to-source NODE4 --random-fully
            COMMIT
            """,
        Masquerades = [Family.IPv4],
        Meets = "snat to",
    };

    /// <summary>Masquerades all but private ranges.</summary>
    private static RuleSet IpMasqAgent => new("ip-masq-agent")
    {
        Iptables = MasqAgentOf("IP-MASQ", "ip-masq-agent", "MASQUERADE --random-fully", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        Ip6tables = MasqAgentOf("IP-MASQ", "ip-masq-agent", "MASQUERADE --random-fully", "fd00::/8"),
        Meets = "masquerade",
    };

    private static string FlannelOf(string cluster, string here, string groups) => $"""
        *nat
        :FLANNEL-POSTRTG - [0:0]
        -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
        -A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG -s {here} -d {cluster} -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG -s {cluster} -d {here} -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG ! -s {cluster} -d {here} -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG -s {cluster} ! -d {groups} -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
        -A FLANNEL-POSTRTG ! -s {cluster} -d {cluster} -m comment --comment "flanneld masq from outside" -j MASQUERADE --random-fully
        COMMIT
        *filter
        :FLANNEL-FWD - [0:0]
        -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
        -A FLANNEL-FWD -s {cluster} -m comment --comment "flanneld forward" -j ACCEPT
        -A FLANNEL-FWD -d {cluster} -m comment --comment "flanneld forward" -j ACCEPT
        COMMIT
        """;

    private static string CalicoOf(string family, string type, string pool) => $$"""

        table {{family}} calico {
            set cali40all-ipam-pools { type {{type}}; flags interval; elements = { {{pool}} } }
            set cali40masq-ipam-pools { type {{type}}; flags interval; elements = { {{pool}} } }
            chain filter-FORWARD {
                type filter hook forward priority filter; policy accept;
                iifname "p-*" counter jump filter-cali-from-wl-dispatch
                oifname "p-*" counter jump filter-cali-to-wl-dispatch
            }
            chain filter-cali-from-wl-dispatch {
                ct state established,related counter accept
                ct state invalid counter drop
                counter accept
            }
            chain filter-cali-to-wl-dispatch {
                ct state established,related counter accept
                ct state invalid counter drop
                counter accept
            }
            chain nat-POSTROUTING {
                type nat hook postrouting priority srcnat; policy accept;
                counter jump nat-cali-nat-outgoing
            }
            chain nat-cali-nat-outgoing {
                {{family}} saddr @cali40masq-ipam-pools {{family}} daddr != @cali40all-ipam-pools counter masquerade fully-random
            }
        }
        """;

    private static string MasqAgentOf(string chain, string who, string target, params string[] excepted) => $"""
        *nat
        :{chain} - [0:0]
        -A POSTROUTING -m addrtype ! --dst-type LOCAL -m comment --comment "{who}: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom chain" -j {chain}
        {string.Join('\n', excepted.Select(range => $"-A {chain} -d {range} -m comment --comment \"{who}: local traffic is not subject to MASQUERADE\" -j RETURN"))}
        -A {chain} -m comment --comment "{who}: outbound traffic is subject to MASQUERADE (must be last in chain)" -j {target}
        COMMIT
        """;
}
