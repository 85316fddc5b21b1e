using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;
using FlowEntry = EbpfLb.Datapath.Tests.Packets.Harness.FlowEntry;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// What a reader finds whose element of a conntrack map is reused under its eyes: another flow's value where it has looked for its own,
/// or a value of parts of both.
/// </summary>
public class SealTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int OtherPort = 40001;

    public static TheoryData<L4, Family, bool> Ways => new(
        from protocol in Protocols from family in Enum.GetValues<Family>() from local in new[] { true, false }
        select new TheoryDataRow<L4, Family, bool>(protocol, family, local));

    [Theory]
    [MemberData(nameof(Ways))]
    public void Programs_seal_entries_as_the_agent_does(L4 protocol, Family family, bool local)
    {
        var (request, reply) = Begin(protocol, family, local);

        foreach (var entry in new[] { request, reply })
        {
            var raw = Raw(entry);
            Assert.True(raw.ServiceId >> (int)LbCtId.Bits != 0 || raw.BackendId >> (int)LbCtId.Bits != 0);
            Assert.Equal(SealedByAgent(entry), raw);
            Assert.Equal((1u, 1u), (entry.State.ServiceId, entry.State.BackendId));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_packet_never_becomes_one_of_the_flow_that_took_the_place_of_its_own(L4 protocol, Family family, bool local)
    {
        var (mine, reply) = Begin(protocol, family, local);
        var (other, otherReply) = BeginOther(protocol, family, reply);

        Replace(mine, other);
        // Of SCTP only an INIT begins another one: without a flow this is the node's.
        var result = In(FromClient(family, protocol == L4.Sctp ? Segments.Opening(protocol) : Segments.Data(protocol)));
        Assert.Equal((Verdict.Drop, 1ul), (result.Verdict, Program.Count(LbReason.DropRace)));

        Replace(reply, otherReply);
        var answer = FromServer(protocol, reply);
        Untouched(answer, local ? Out(answer) : In(answer, PacketLab.Lan));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Parts_of_two_entries_are_none(L4 protocol, Family family, bool local)
    {
        var (_, reply) = Begin(protocol, family, local);
        var (_, other) = BeginOther(protocol, family, reply);
        var answer = FromServer(protocol, reply);

        foreach (
            var torn in new[] { reply with { ToDestination = other.ToDestination }, other with { ToDestination = reply.ToDestination } })
        {
            // The state, and the seal with it, is that of one of the two.
            ReplaceState(torn, torn.ToDestination.Equals(other.ToDestination) ? reply : other, at: reply);
            Untouched(answer, local ? Out(answer) : In(answer, PacketLab.Lan));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void An_entry_of_a_version_without_seals_goes_on(L4 protocol, Family family, bool local)
    {
        var (_, reply) = Begin(protocol, family, local);
        ReplaceState(reply, reply, at: reply, open: true);
        var answer = FromServer(protocol, reply);
        var at = Ends.Of(family);
        var expected = answer.WithSource(at.Node, NodePort).To(at.Client, ClientPort);

        if (local) Became(expected, Verdict.Pass, Out(answer));
        else Became(expected.Forwarded(), Verdict.Redirect, In(answer, PacketLab.Lan));
    }

    private (FlowEntry Request, FlowEntry Reply) Begin(L4 protocol, Family family, bool local)
    {
        Serve(protocol, family, local ? LocalBackend(family) : RemoteBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        return OnlyFlow();
    }

    private (FlowEntry Request, FlowEntry Reply) BeginOther(L4 protocol, Family family, FlowEntry reply)
    {
        In(FromClient(family, Segments.Opening(protocol), OtherPort));
        var flows = Program.Tables.Flows();
        return (
            Assert.Single(flows, f => !f.IsReply && f.Source.Port == OtherPort),
            Assert.Single(flows, f => f.IsReply && f.ToDestination.Port == OtherPort && f != reply));
    }

    /// <summary>As the backend answers, to whomever it knows the client by.</summary>
    private static PacketBuilder FromServer(L4 protocol, FlowEntry reply) =>
        PacketBuilder.From(reply.Source.Address, reply.Source.Port).To(reply.Destination.Address, reply.Destination.Port)
            .Over(Segments.Data(protocol)).Payload(33);

    /// <summary>Under the key of <paramref name="entry"/> stands what the other one's element had.</summary>
    private void Replace(FlowEntry entry, FlowEntry other)
    {
        if (AbiAddress.Is6(entry.Source.Address)) Program.Tables.Conntrack6.Update(entry.Key6(), other.Value6());
        else Program.Tables.Conntrack4.Update(entry.Key4(), other.Value4());
    }

    private void ReplaceState(FlowEntry value, FlowEntry state, FlowEntry at, bool open = false)
    {
        var raw = open ? state.State : SealedByAgent(state);
        if (AbiAddress.Is6(at.Source.Address)) Program.Tables.Conntrack6.Update(at.Key6(), value.Value6() with { State = raw });
        else Program.Tables.Conntrack4.Update(at.Key4(), value.Value4() with { State = raw });
    }

    private LbCtState Raw(FlowEntry entry) => AbiAddress.Is6(entry.Source.Address)
        ? Program.Tables.Conntrack6.Lookup(entry.Key6()).State
        : Program.Tables.Conntrack4.Lookup(entry.Key4()).State;

    private static LbCtState SealedByAgent(FlowEntry entry) => AbiAddress.Is6(entry.Source.Address)
        ? FlowSeal.Sealed(entry.Key6(), entry.Value6()).State
        : FlowSeal.Sealed(entry.Key4(), entry.Value4()).State;
}
