using System.Buffers.Binary;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Source ports whose last connection a backend may hold in TIME_WAIT: it takes a SYN for a new one only if its timestamp goes on
/// from there, or its sequence number where there is none.
/// </summary>
public class TimeWaitGuardTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int Ports = 40;

    /// <summary>In LB_TICK_SHIFT: more than a minute.</summary>
    private const uint TimeWait = 58;

    private static readonly uint[] Behind = [uint.MaxValue, 0x8000_0000u];
    private static readonly uint[] Ahead = [1u, 0x7fff_ffffu];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_SYN_whose_timestamp_does_not_go_on_gets_another_port(Family family)
    {
        Serve(family);
        var place = Opened(family, client: 0, Stamp(5000));
        End(family, client: 0, Stamp(5000));

        foreach (var late in Behind) Assert.NotEqual(place, OpenedAlone(family, Stamp(5000 + late)));
        foreach (var next in Ahead) Assert.Equal(place, OpenedAlone(family, Stamp(5000 + next)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Without_timestamps_sequence_numbers_count(Family family)
    {
        Serve(family);
        var place = Opened(family, client: 0, new TcpSegment(TcpFlags.Syn, Sequence: 5000));
        End(family, client: 0, new TcpSegment(TcpFlags.Syn, Sequence: 9000));

        foreach (var late in Behind) Assert.NotEqual(place, OpenedAlone(family, new TcpSegment(TcpFlags.Syn, Sequence: 9000 + late)));
        // What the FIN carried counts too.
        Assert.NotEqual(place, OpenedAlone(family, new TcpSegment(TcpFlags.Syn, Sequence: 9000 + 60_000)));
        Assert.Equal(place, OpenedAlone(family, new TcpSegment(TcpFlags.Syn, Sequence: 9000 + 66_000)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Timestamps_and_sequence_numbers_are_not_compared_with_each_other(Family family)
    {
        Serve(family);
        var place = Opened(family, client: 0, Stamp(5000));
        End(family, client: 0, Stamp(5000));

        Assert.NotEqual(place, OpenedAlone(family, new TcpSegment(TcpFlags.Syn, Sequence: 500_000)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_timestamp_is_found_behind_other_options(Family family)
    {
        Serve(family);
        var syn = new TcpSegment(TcpFlags.Syn) { Options = [2, 4, 5, 180, 4, 2, .. Option(5000), 1, 3, 3, 7] };
        var fin = new TcpSegment(TcpFlags.Syn) { Options = [1, 1, .. Option(6000)] };
        var place = Opened(family, client: 0, syn);
        End(family, client: 0, fin);

        Assert.NotEqual(place, OpenedAlone(family, syn));
        Assert.NotEqual(place, OpenedAlone(family, Stamp(6000)));
        Assert.Equal(place, OpenedAlone(family, Stamp(6001)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void After_a_minute_the_backend_has_forgotten(Family family)
    {
        Serve(family);
        var place = Opened(family, client: 0, Stamp(5000));
        End(family, client: 0, Stamp(5000));
        Program.Tables.AgeClocks(TimeWait);

        Assert.Equal(place, OpenedAlone(family, Stamp(4000)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Of_closed_flows_one_is_taken_from_which_the_SYN_goes_on(Family family)
    {
        Serve(family);
        var ports = Enumerable.Range(0, Ports).Select(i => Opened(family, i, Stamp(5000))).ToArray();
        for (var i = 0; i < Ports; i++) End(family, i, Stamp(i == 35 ? 1000u : 6000u));

        Assert.Equal(ports[35], Opened(family, Ports, Stamp(5500)));

        Assert.Equal(1ul, Program.Count(LbReason.CtPortTaken));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void When_the_backend_would_have_it_from_no_port_one_is_taken_all_the_same(Family family)
    {
        Serve(family);
        var ports = Enumerable.Range(0, Ports).Select(i => Opened(family, i, Stamp(5000))).ToArray();
        for (var i = 0; i < Ports; i++) End(family, i, Stamp(6000));

        Assert.Contains(Opened(family, Ports, Stamp(5500)), ports);

        Assert.Equal(1ul, Program.Count(LbReason.CtPortTaken));
        Assert.Equal(0ul, Program.Count(LbReason.DropSnatPorts));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_port_of_an_open_flow_is_never_taken_for_want_of_another(Family family)
    {
        Serve(family);
        var ports = Enumerable.Range(0, Ports).Select(i => Opened(family, i, Stamp(5000))).ToArray();
        for (var i = 0; i < Ports - 1; i++) End(family, i, Stamp(6000));
        foreach (var i in Enumerable.Range(0, Ports - 1)) Opened(family, i, Stamp(7000));

        Assert.Equal(Verdict.Drop, In(FromClient(family, Stamp(5500), ClientPort + Ports)).Verdict);

        Assert.Equal(Ports, ports.Distinct().Count());
    }

    private static byte[] Option(uint stamp)
    {
        byte[] option = [8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(2), stamp);
        return option;
    }

    private static TcpSegment Stamp(uint stamp) => new(TcpFlags.Syn) { Options = [1, 1, .. Option(stamp)] };

    private void Serve(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61000 + Ports - 1 };
    }

    private int Opened(Family family, int client, TcpSegment syn) => SnatPort(In(FromClient(family, syn, ClientPort + client)));

    /// <summary>By a client whose search begins at the place of client 0; no flow is there, and none is left.</summary>
    private int OpenedAlone(Family family, TcpSegment syn)
    {
        foreach (var entry in Program.Tables.Flows()) Program.Tables.Delete(entry);
        return Opened(family, Ports, syn);
    }

    /// <summary>FINs both ways; the client's has what this segment has.</summary>
    private void End(Family family, int client, TcpSegment last)
    {
        var at = Ends.Of(family);
        var sent = FromClient(family, last with { Flags = TcpFlags.Fin | TcpFlags.Ack }, ClientPort + client);
        var port = SnatPort(In(sent));
        In(PacketBuilder.From(at.RemotePod, BackendPort).To(at.LanAddress, port).Tcp(TcpFlags.Fin | TcpFlags.Ack), PacketLab.Lan);
    }
}
