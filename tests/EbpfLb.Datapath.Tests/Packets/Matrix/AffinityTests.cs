using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Who is remembered by packet: not whoever is written into the source of one, but who is there.</summary>
public class AffinityTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    public static TheoryData<L4, Family, bool> Ways => new(
        from protocol in Protocols
        from family in Enum.GetValues<Family>()
        from local in new[] { true, false }
        select new TheoryDataRow<L4, Family, bool>(protocol, family, local));

    public static TheoryData<Family, bool> TcpWays => new(
        from family in Enum.GetValues<Family>()
        from local in new[] { true, false }
        select new TheoryDataRow<Family, bool>(family, local));

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_client_that_talks_with_its_backend_is_remembered(L4 protocol, Family family, bool local)
    {
        Sticky(protocol, family, local);

        Converse(protocol, FromClient(family, Segments.Opening(protocol)));

        var key = Assert.Single(Program.Tables.Affinity.Keys());
        Assert.Equal(Ends.Of(family).Client.MapToIPv6(), new IPAddress(Bytes(key)).MapToIPv6());
        Assert.Equal(OnlyFlow().Request.State.BackendId, Program.Tables.Affinity.Lookup(key).BackendId);
    }

    [Theory]
    [MemberData(nameof(TcpWays))]
    public void A_connection_is_remembered_only_when_the_backend_goes_on_after_the_handshake(Family family, bool local)
    {
        Sticky(L4.Tcp, family, local);
        var request = Open(L4.Tcp, family);
        Assert.Empty(Program.Tables.Affinity.Keys());

        AnswerTo(request, Segments.Answer(L4.Tcp));
        Assert.Empty(Program.Tables.Affinity.Keys());
        In(FromClient(family, new TcpSegment(TcpFlags.Ack)));
        AnswerTo(request, Segments.Answer(L4.Tcp));
        Assert.Empty(Program.Tables.Affinity.Keys());

        AnswerTo(request, Segments.Data(L4.Tcp));
        Assert.Single(Program.Tables.Affinity.Keys());
    }

    [Theory]
    [MemberData(nameof(TcpWays))]
    public void An_ACK_that_the_backend_answers_with_RST_is_no_handshake(Family family, bool local)
    {
        Sticky(L4.Tcp, family, local);
        var request = Open(L4.Tcp, family);
        AnswerTo(request, Segments.Answer(L4.Tcp));
        In(FromClient(family, new TcpSegment(TcpFlags.Ack)));

        AnswerTo(request, new TcpSegment(TcpFlags.Rst));

        Assert.Empty(Program.Tables.Affinity.Keys());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void The_first_packets_of_strangers_neither_fill_nor_prolong_the_memory(L4 protocol, Family family, bool local)
    {
        Sticky(protocol, family, local);
        Converse(protocol, FromClient(family, Segments.Opening(protocol)));
        var key = Assert.Single(Program.Tables.Affinity.Keys());
        var old = Program.Tables.Affinity.Lookup(key) with { UsedNs = Program.Tables.Affinity.Lookup(key).UsedNs - 30_000_000_000 };
        Program.Tables.Affinity.Update(key, old);

        for (var i = 0; i < 50; i++)
        {
            In(FromClient(family, Segments.Opening(protocol), ClientPort + 1 + i));
            In(FromClient(family, Segments.Opening(protocol)).WithSource(Client(family, i), ClientPort));
        }

        Assert.Equal([key], Program.Tables.Affinity.Keys());
        Assert.Equal(old, Program.Tables.Affinity.Lookup(key));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Connections_that_a_client_begins_at_once_go_to_one_backend(L4 protocol, Family family)
    {
        Sticky(protocol, family, local: true, count: 20);

        var first = BackendOf(FromClient(family, Segments.Opening(protocol)));
        for (var i = 1; i < 20; i++) Assert.Equal(first, BackendOf(FromClient(family, Segments.Opening(protocol), ClientPort + i)));

        Assert.Contains(Enumerable.Range(0, 40),
            i => !BackendOf(FromClient(family, Segments.Opening(protocol)).WithSource(Client(family, i), ClientPort)).Equals(first));
    }

    /// <summary>The client may have been given another one since, which is what it is to be sent to.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_backend_that_has_left_the_lists_is_not_remembered_by_what_it_says_late(Family family)
    {
        var service = Sticky(L4.Tcp, family, local: true, count: 2);
        var request = Open(L4.Tcp, family);
        AnswerTo(request, Segments.Answer(L4.Tcp));
        In(FromClient(family, new TcpSegment(TcpFlags.Ack)));

        Program.Retire(service, Array.FindIndex(service.Spec.Backends, b => b.Address.Equals(request.ToDestination.Address)));
        AnswerTo(request, Segments.Data(L4.Tcp));

        Assert.Empty(Program.Tables.Affinity.Keys());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_memory_that_another_CPU_has_just_used_holds(Family family)
    {
        var service = Sticky(L4.Tcp, family, local: true, count: 20);
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));
        var key = Assert.Single(Program.Tables.Affinity.Keys());
        var backend = BackendOf(FromClient(family, Segments.Opening(L4.Tcp), ClientPort + 1));
        var later = Program.Tables.Affinity.Lookup(key) with { UsedNs = Program.Tables.Affinity.Lookup(key).UsedNs + 3_000_000_000 };
        // Another lot than the client's own, so that only the memory leads there.
        var other = Enumerable.Range(0, 20).Select(service.BackendId).First(id => id != later.BackendId);
        Program.Tables.Affinity.Update(key, later with { BackendId = other });

        var next = BackendOf(FromClient(family, Segments.Opening(L4.Tcp), ClientPort + 2));

        Assert.NotEqual(backend, next);
        Assert.Equal(next, BackendOf(FromClient(family, Segments.Opening(L4.Tcp), ClientPort + 3)));
    }

    private ServedService Sticky(L4 protocol, Family family, bool local, int count = 1)
    {
        var at = Ends.Of(family);
        return Program.Serve(Spec(protocol, family) with
        {
            AffinitySeconds = 86_400,
            Backends = count == 1
                ? [local ? LocalBackend(family) : RemoteBackend(family)]
                : [.. Enumerable.Range(0, count).Select(i
                    => new BackendSpec(IPAddress.Parse(family == Family.IPv4 ? $"10.244.1.{10 + i}" : $"fd00:244:1::{10 + i}"), BackendPort,
                        OnThisNode: true))],
        });
    }

    private FlowEntry Open(L4 protocol, Family family)
    {
        In(FromClient(family, Segments.Opening(protocol)));
        return OnlyFlow().Request;
    }

    private IPAddress BackendOf(PacketBuilder sent) => PacketReader.Read(In(sent).Packet).Ip.Destination.Address;

    private static IPAddress Client(Family family, int number) =>
        IPAddress.Parse(family == Family.IPv4 ? $"203.0.113.{100 + number}" : $"2001:db8:113::{100 + number}");

    private static byte[] Bytes(LbAffKey key) => AbiBytes.Of(key).ToArray()[..16];
}
