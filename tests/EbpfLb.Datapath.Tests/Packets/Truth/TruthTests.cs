using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;
using EbpfLb.Testing.Truth;

namespace EbpfLb.Datapath.Tests.Packets.Truth;

/// <summary>
/// The truth table of docs/policy.md as packets: each row is compiled, planned into the maps of the loaded programs, and asked by clients
/// with so many ports that every backend that can be chosen is.
/// </summary>
public class TruthTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    public static TheoryData<TruthRow> Rows { get; } = new(TruthTable.Rows);

    public static TheoryData<Scheduler> Schedulers { get; } = [.. Enum.GetValues<Scheduler>()];

    [Contract(
        "19.1",
        "a pod that asks an external address with policy Local has all endpoints and keeps its address; the node too, masqueraded")]
    [Contract("5.2", "the matrix, all rows: destination, policy, source: list and SNAT")]
    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void A_packet_goes_where_the_table_says(TruthRow row)
    {
        foreach (var family in Enum.GetValues<IpFamily>()) Assert.Equal(row.All, new TruthPackets(Program, family).Outcomes(row));
    }

    [Theory]
    [MemberData(nameof(Schedulers))]
    public void Whatever_the_scheduler_a_packet_goes_where_the_table_says(Scheduler scheduler)
    {
        foreach (var row in TruthTable.Rows.Where(r => r.IsServed))
        foreach (var family in Enum.GetValues<IpFamily>())
        {
            var outcomes = new TruthPackets(Program, family) { Scheduler = scheduler }.Outcomes(row);
            // One client address and one destination: a hash of these has one backend for all.
            if (scheduler is Scheduler.SourceHash or Scheduler.DestinationHash) Assert.Contains(Assert.Single(outcomes), row.All);
            else Assert.True(row.All.SequenceEqual(outcomes), $"{row}, {family}: {string.Join(", ", outcomes)}");
        }
    }
}

/// <summary>The truth table with direct server return.</summary>
public class DirectTruthTests(IpIpFixture fixture) : PacketTest(fixture.Program), IClassFixture<IpIpFixture>
{
    public static TheoryData<TruthRow> Rows { get; } = new(TruthTable.Rows);

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void A_packet_goes_where_the_table_says_of_direct_server_return(TruthRow row)
    {
        foreach (var family in Enum.GetValues<IpFamily>())
        foreach (var forwarding in (Forwarding[])[Forwarding.Dsr, Forwarding.Hybrid])
            Assert.Equal(row.AllDirect, new TruthPackets(Program, family) { Forwarding = forwarding }.Outcomes(row));
    }
}
