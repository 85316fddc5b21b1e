using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Truth;

namespace EbpfLb.Datapath.Tests.Packets.Truth;

/// <summary>Asks a row of the truth table by packets of clients with so many ports that every backend that can be chosen is.</summary>
internal sealed class TruthPackets(PacketProgram program, IpFamily family)
{
    /// <summary>One of two backends stays out with a chance of 2^-39.</summary>
    private const int Clients = 40;

    private const int FirstPort = 40_000;

    private readonly TruthCluster cluster = new(family);

    /// <summary>Of the Service; null: the usual one.</summary>
    public Scheduler? Scheduler { get; init; }

    /// <summary>Other than SNAT only by programs with tunnels.</summary>
    public Forwarding Forwarding { get; init; }

    /// <summary>In the words of the table, and "there tunnel"; ordered.</summary>
    public IEnumerable<string> Outcomes(TruthRow row)
    {
        program.Reset();
        var options = new PolicyOptions
        {
            NodeName = TruthCluster.NodeName, Tunnels = Forwarding != Forwarding.Snat, Forwarding = Forwarding,
        };
        CompiledTables.Fill(program, ForwardingCompiler.Compile(cluster.Build(row, Scheduler), options, null));
        program.Tables.PutNodeAddress(cluster.NodeSource.ToIPAddress(), default);
        if (options.Tunnels)
        {
            var node = cluster.Node.ToIPAddress();
            program.Settings = family == IpFamily.IPv4 ? program.Settings with { Node4 = AbiAddress.To4(node) }
                : program.Settings with { Node6 = AbiAddress.To16(node) };
            foreach (var known in (IpAddress[])[cluster.Node, cluster.OtherNode])
                program.Tables.Nodes.Update(new LbIp6 { Addr = AbiAddress.To16(known.ToIPAddress()) }, 1);
        }
        return Enumerable.Range(0, row.All.Length > 1 ? Clients : 2).Select(i => Send(row, FirstPort + i)).Distinct()
            .Order(StringComparer.Ordinal).ToArray();
    }

    private string Send(TruthRow row, int clientPort)
    {
        var (address, port, protocol) = cluster.Target(row);
        var sent = PacketBuilder.From(cluster.SourceOf(row).ToIPAddress(), clientPort).To(address.ToIPAddress(), port)
            .Over(Segments.Opening((L4)protocol)).Payload(5);
        var result = program.Ingress(sent.Build(), row.Source is "pod" or "node" ? PacketLab.Pods : PacketLab.Wan);
        if (result.Verdict == Verdict.Drop) return "drop";
        if (sent.Build().AsSpan().SequenceEqual(result.Packet)) return "pass";
        var became = PacketReader.Read(result.Packet);
        if (became.Ip.Destination.Address.Equals(cluster.OtherNode.ToIPAddress())) return "there tunnel";
        Assert.Empty(PacketVerifier.Problems(became));
        if (became.Ip.Destination.Address.Equals(sent.Source.Address)) return "reject";
        Assert.Equal(TruthCluster.BackendPort, became.Ip.Destination.Port);
        var to = IpAddress.From(became.Ip.Destination.Address);
        Assert.Contains(to, new[] { cluster.Here, cluster.There });
        return (to == cluster.Here ? "here" : "there") + (became.Ip.Source.Address.Equals(sent.Source.Address) ? "" : " SNAT");
    }
}
