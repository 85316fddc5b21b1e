using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// A flood of connections that are never completed, towards one backend: each has a source port, and there are fewer of those than flows.
/// </summary>
public class PortShareTests(PortShareTests.Fixture fixture) : PacketTest(fixture.Program), IClassFixture<PortShareTests.Fixture>
{
    private const int Ports = 2000;
    private const int FirstPort = 61000;

    [Theory]
    [MemberData(nameof(Talks))]
    public void Half_open_flows_never_have_more_than_three_quarters_of_the_source_ports(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = FirstPort, SnatPortLast = FirstPort + Ports - 1 };

        for (var i = 0; i < 3 * Ports; i++)
            Assert.Equal(Verdict.Redirect, In(FromClient(family, Segments.Opening(protocol), 10_000 + i)).Verdict);

        Assert.Equal(Ports / 4 * 3, Program.Tables.Flows().Count / 2);
        Assert.Equal(0ul, Program.Count(LbReason.CtPortTaken));
    }

    public sealed class Fixture : IDisposable
    {
        internal PacketProgram Program { get; } = new(bpf =>
        {
            bpf.Map(Abi.Tables.Conntrack4.Name).MaxEntries = 4 * Ports;
            bpf.Map(Abi.Tables.Conntrack6.Name).MaxEntries = 4 * Ports;
            bpf.Map(Abi.Tables.CtPending.Name).MaxEntries = 6 * Ports;
        });

        public void Dispose() => Program.Dispose();
    }
}
