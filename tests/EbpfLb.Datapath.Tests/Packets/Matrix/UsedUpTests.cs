using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>A large range of source ports, used up: what a search may cost, and what it must find all the same.</summary>
public class UsedUpTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int FirstPort = 20000;
    private const int Ports = 900;

    /// <summary>Where a client's search begins, from there on (LB_SNAT_POLITE).</summary>
    private const int Polite = 32;

    /// <summary>How far these lie apart (LB_SNAT_APART).</summary>
    private const int PoliteStep = 1021;

    /// <summary>Ports that a short search looks at after that (LB_SNAT_FEW).</summary>
    private const int Few = 128;

    /// <summary>Longer than any test.</summary>
    private const int Long = 100_000;

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_port_that_becomes_free_is_found_by_the_next_tick_wherever_it_is(L4 protocol, Family family)
    {
        var first = UseUp(protocol, family);
        Assert.Equal(Verdict.Drop, New(protocol, family, 0).Verdict);
        var free = PortAfter(first, Polite + Ports / 2);
        Program.Tables.Delete(Holder(protocol, family, Ends.Of(family).RemotePod, free, LbCtPhase.Open));
        Program.Tables.AgeSearches(ticks: 1);

        Assert.Equal(free, SnatPort(New(protocol, family, 1)));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Searches_in_the_tick_of_a_long_one_are_short_and_each_goes_on_where_the_last_has_stopped(L4 protocol, Family family)
    {
        var first = UseUp(protocol, family);
        New(protocol, family, 0);
        Program.Tables.AgeSearches(ticks: -Long);
        var free = PortAfter(first, Polite + 3 * Few - 1);
        Program.Tables.Delete(Holder(protocol, family, Ends.Of(family).RemotePod, free, LbCtPhase.Open));

        Verdict[] verdicts = [New(protocol, family, 1).Verdict, New(protocol, family, 2).Verdict];

        Assert.Equal([Verdict.Drop, Verdict.Drop], verdicts);
        Assert.Equal(free, SnatPort(New(protocol, family, 3)));
        Assert.Equal(3ul, Program.Count(LbReason.DropSnatPorts));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_short_search_takes_the_port_of_a_closed_connection_too(Family family)
    {
        var first = UseUp(L4.Tcp, family);
        New(L4.Tcp, family, 0);
        Program.Tables.AgeSearches(ticks: -Long);
        var closed = PortAfter(first, Polite + Few - 1);
        Program.Tables.Put(Holder(L4.Tcp, family, Ends.Of(family).RemotePod, closed, LbCtPhase.Closed));

        Assert.Equal(closed, SnatPort(New(L4.Tcp, family, 1)));

        Assert.Equal(1ul, Program.Count(LbReason.CtPortTaken));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_client_finds_a_port_near_its_place_also_while_searches_are_short(Family family)
    {
        var first = UseUp(L4.Udp, family);
        New(L4.Udp, family, 0);
        Program.Tables.AgeSearches(ticks: -Long);
        var free = PortAfter(first, Ports / 2 + (Polite - 1) * PoliteStep);
        Program.Tables.Delete(Holder(L4.Udp, family, Ends.Of(family).RemotePod, free, LbCtPhase.Open));

        Assert.Equal(free, SnatPort(New(L4.Udp, family, Ports / 2)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Towards_another_backend_the_range_is_searched_to_its_end(Family family)
    {
        var other = Ends.Of(family).NarrowPod;
        var first = UseUp(L4.Tcp, family);
        New(L4.Tcp, family, 0);
        Program.Tables.AgeSearches(ticks: -Long);
        NobodyHasAny();
        var free = PortAfter(first, Polite - 1);
        foreach (var port in Range().Where(p => p != free)) Program.Tables.Put(Holder(L4.Tcp, family, other, port, LbCtPhase.Open));
        Program.Serve(Spec(L4.Tcp, family) with { Backends = [new BackendSpec(other, BackendPort)] });

        Assert.Equal(free, SnatPort(New(L4.Tcp, family, Polite)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_search_that_is_not_long_leaves_the_next_ones_as_they_are(Family family)
    {
        var first = UseUp(L4.Tcp, family);
        var near = PortAfter(first, Polite + Few - 1);
        Program.Tables.Delete(Holder(L4.Tcp, family, Ends.Of(family).RemotePod, near, LbCtPhase.Open));

        Assert.Equal(near, SnatPort(New(L4.Tcp, family, 0)));

        Assert.Empty(Program.Tables.SnatFull.Keys());
    }

    private static IEnumerable<int> Range() => Enumerable.Range(FirstPort, Ports);

    private static int PortAfter(int first, int ports) => FirstPort + (first - FirstPort + ports) % Ports;

    /// <summary>All ports of the range belong to established flows. Returns where the search of the first client begins.</summary>
    private int UseUp(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = FirstPort, SnatPortLast = FirstPort + Ports - 1 };
        var first = SnatPort(New(protocol, family, 0));
        NobodyHasAny();
        foreach (var port in Range()) Program.Tables.Put(Holder(protocol, family, Ends.Of(family).RemotePod, port, LbCtPhase.Open));
        return first;
    }

    private void NobodyHasAny()
    {
        foreach (var entry in Program.Tables.Flows()) Program.Tables.Delete(entry);
    }

    /// <summary>The reply entry by which some other client has the port.</summary>
    private static FlowEntry Holder(L4 protocol, Family family, IPAddress backend, int port, LbCtPhase phase)
    {
        var at = Ends.Of(family);
        return new FlowEntry(
            LbCtHook.Ingress, (byte)protocol, new IPEndPoint(backend, BackendPort), new IPEndPoint(at.LanAddress, port),
            new IPEndPoint(at.Node, NodePort), new IPEndPoint(at.Router, port),
            new LbCtState { Phase = (byte)phase, Flags = (byte)(LbCtFlag.Reply | LbCtFlag.Snat) });
    }

    private PacketResult New(L4 protocol, Family family, int client)
        => In(FromClient(family, Segments.Opening(protocol), ClientPort + client));
}
