using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Truth;

namespace EbpfLb.Datapath.Tests.Packets.Truth;

/// <summary>
/// The truth table of docs/policy.md as packets: each row is compiled, planned into the maps of the loaded programs, and asked by clients
/// with so many ports that every backend that can be chosen is.
/// </summary>
public class TruthTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    /// <summary>One of two backends stays out with a chance of 2^-39.</summary>
    private const int Clients = 40;

    public static TheoryData<TruthRow> Rows { get; } = new(TruthTable.Rows);

    [Contract(
        "19.1",
        "a pod that asks an external address with policy Local has all endpoints and keeps its address; the node too, masqueraded")]
    [Contract("5.2", "the matrix, all rows: destination, policy, source: list and SNAT")]
    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void A_packet_goes_where_the_table_says(TruthRow row)
    {
        foreach (var family in Enum.GetValues<IpFamily>())
        {
            Program.Reset();
            var cluster = new TruthCluster(family);
            CompiledTables.Fill(
                Program, ForwardingCompiler.Compile(cluster.Build(row), new PolicyOptions { NodeName = TruthCluster.NodeName }, null));
            Program.Tables.PutNodeAddress(cluster.NodeSource.ToIPAddress(), default);
            var outcomes = Enumerable.Range(0, row.All.Length > 1 ? Clients : 2).Select(i => Send(row, cluster, ClientPort + i)).Distinct();

            Assert.Equal(row.All, outcomes.Order(StringComparer.Ordinal));
        }
    }

    private string Send(TruthRow row, TruthCluster cluster, int clientPort)
    {
        var (address, port, protocol) = cluster.Target(row);
        var sent = PacketBuilder.From(cluster.SourceOf(row).ToIPAddress(), clientPort).To(address.ToIPAddress(), port)
            .Over(Segments.Opening((L4)protocol)).Payload(5);
        var result = Answered(sent, row.Source is "pod" or "node" ? PacketLab.Pods : PacketLab.Wan);
        if (result.Verdict == Verdict.Drop) return "drop";
        if (sent.Build().AsSpan().SequenceEqual(result.Packet)) return "pass";
        var became = PacketReader.Read(result.Packet).Ip;
        if (became.Destination.Address.Equals(sent.Source.Address)) return "reject";
        Assert.Equal(TruthCluster.BackendPort, became.Destination.Port);
        var to = IpAddress.From(became.Destination.Address);
        Assert.Contains(to, new[] { cluster.Here, cluster.There });
        return (to == cluster.Here ? "here" : "there") + (became.Source.Address.Equals(sent.Source.Address) ? "" : " SNAT");
    }
}
