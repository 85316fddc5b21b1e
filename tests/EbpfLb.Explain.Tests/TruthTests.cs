using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Truth;

namespace EbpfLb.Explain.Tests;

/// <summary>
/// The truth table of docs/policy.md, explained offline; tests/EbpfLb.Datapath.Tests/Packets/Truth runs the same rows as packets.
/// </summary>
public sealed class TruthTests
{
    public static TheoryData<TruthRow> Rows { get; } = new(TruthTable.Rows);

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void A_packet_is_explained_as_the_table_says(TruthRow row)
    {
        foreach (var family in Enum.GetValues<IpFamily>())
            Assert.Equal(row.All, Outcomes(row, new TruthCluster(family), FlowPath.Packet));
    }

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void With_direct_server_return_a_packet_is_explained_as_the_table_says_of_that(TruthRow row)
    {
        foreach (var family in Enum.GetValues<IpFamily>())
        foreach (var forwarding in (Forwarding[])[Forwarding.Dsr, Forwarding.Hybrid])
            Assert.Equal(row.AllDirect, Outcomes(row, new TruthCluster(family), FlowPath.Packet, forwarding: forwarding));
    }

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void Whatever_the_scheduler_a_packet_is_explained_as_the_table_says(TruthRow row)
    {
        foreach (var scheduler in Enum.GetValues<Scheduler>())
            Assert.Equal(row.All, Outcomes(row, new TruthCluster(IpFamily.IPv4), FlowPath.Packet, scheduler));
    }

    /// <summary>Sockets have the same backends and need no masquerading.</summary>
    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void A_socket_is_explained_as_the_table_says(TruthRow row)
    {
        if (row.Source is "outside" or "blocked") return;
        foreach (var family in Enum.GetValues<IpFamily>())
            Assert.Equal(row.All.Select(o => o.Replace(" SNAT", "", StringComparison.Ordinal)),
                Outcomes(row, new TruthCluster(family), FlowPath.Socket));
    }

    [Fact]
    public void Every_destination_policy_source_and_situation_has_its_answer()
    {
        var asked = TruthTable.Rows.Select(r => (r.Destination, r.Policy, r.Source, r.Endpoints)).ToHashSet();
        var missing = from destination in new[] { "ClusterIP", "NodePort", "external IP", "VIP" }
                      from policy in new[] { "Cluster", "Local" }
                      from source in new[] { "pod", "node", "outside" }
                      from endpoints in TruthCluster.Situations
                      where !asked.Contains((destination, policy, source, endpoints))
                      select $"{destination} | {policy} | {source} | {endpoints}";
        Assert.Empty(missing);
    }

    private static string[] Outcomes(
        TruthRow row, TruthCluster cluster, FlowPath path, Scheduler? scheduler = null, Forwarding forwarding = Forwarding.Snat)
    {
        var options = new PolicyOptions
        {
            NodeName = TruthCluster.NodeName, Tunnels = forwarding != Forwarding.Snat, Forwarding = forwarding,
        };
        var table = ForwardingCompiler.Compile(cluster.Build(row, scheduler), options, null);
        var explainer = new Explainer(table, new ExplainContext
        {
            NodeName = TruthCluster.NodeName,
            Addresses = [new LocalAddress(cluster.Node, NodePorts: true), new LocalAddress(cluster.NodeSource, NodePorts: false)],
            Pods4 = cluster.Pods.Prefix.Family == IpFamily.IPv4 ? [cluster.Pods] : [],
            Pods6 = cluster.Pods.Prefix.Family == IpFamily.IPv6 ? [cluster.Pods] : [],
        });
        var (address, port, protocol) = cluster.Target(row);
        var explanation = explainer.Explain(new Flow(cluster.SourceOf(row), address, port, protocol, path));
        return explanation.Verdict == FlowVerdict.Dnat
            ? [.. explanation.Backends.Select(b
                => (b.Address.Address == cluster.Here ? "here" : "there")
                    + (b.Tunnel is not null ? " tunnel" : b.Masquerade ? " SNAT" : "")).Order(StringComparer.Ordinal)]
            : [explanation.Verdict.ToString().ToLowerInvariant()];
    }
}
