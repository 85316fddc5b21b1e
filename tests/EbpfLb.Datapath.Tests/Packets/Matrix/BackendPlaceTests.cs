using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Backends where one would not look for them: the node itself without its name, pods of the node on the wire, behind an uplink without a
/// program.
/// </summary>
public class BackendPlaceTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const LbBackendFlag Lists = LbBackendFlag.InCluster | LbBackendFlag.InLocal;

    [Theory]
    [MemberData(nameof(Talks))]
    public void The_node_itself_is_reached_through_the_stack_though_no_slice_names_it(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, new BackendSpec(at.Node, BackendPort));
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent.To(at.Node, BackendPort), Verdict.Pass, In(sent));

        var answer = PacketBuilder.From(at.Node, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Payload(5);
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void The_node_itself_is_reached_also_where_local_backends_are_masqueraded(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Program.Settings = Program.Settings with { Flags = Program.Settings.Flags | (uint)LbSetting.SetAlwaysSnat };
        Serve(protocol, family, new BackendSpec(at.Node, BackendPort, OnThisNode: true));
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent.To(at.Node, BackendPort), Verdict.Pass, In(sent));
    }

    /// <summary>It answers on the wire, past this node, so it has to answer to this node.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void A_pod_of_this_node_on_the_wire_sees_an_address_of_the_node(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, new BackendSpec(at.RemotePod, BackendPort, OnThisNode: true, Lists | LbBackendFlag.OnWire));
        var sent = FromClient(family, Segments.Opening(protocol));

        var result = In(sent);
        var port = SnatPort(result);
        Became(Snatted(sent, port), Verdict.Redirect, result);

        var answer = PacketBuilder.From(at.RemotePod, BackendPort).To(at.LanAddress, port).Over(Segments.Answer(protocol)).Payload(5);
        Became(answer.WithSource(at.Node, NodePort).To(at.Client, ClientPort).Forwarded(), Verdict.Redirect, In(answer, PacketLab.Lan));
    }

    /// <summary>Clouds give pods addresses of the uplink's subnet, with a route to a device of their own.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void With_an_address_of_the_uplinks_subnet_and_a_device_of_its_own_it_sees_the_client(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, new BackendSpec(at.RemotePod, BackendPort, OnThisNode: true, Lists | LbBackendFlag.OnWire));
        Program.Tables.Devices.Update((uint)PacketLab.Lan.Index, new LbDevice { Flags = (uint)LbDeviceFlag.Bare });
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent.To(at.RemotePod, BackendPort), Verdict.Pass, In(sent));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void On_the_wire_with_policy_Local_it_sees_the_client_as_with_kube_proxy(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Program.Serve(Spec(protocol, family) with
        {
            Flags = LbServiceFlag.Local,
            Backends = [new BackendSpec(at.RemotePod, BackendPort, OnThisNode: true, Lists | LbBackendFlag.OnWire)],
        });
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent.To(at.RemotePod, BackendPort), Verdict.Pass, In(sent));
    }

    /// <summary>Its replies to an address of the node would end there, and those to the client would come from nobody it knows.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void Elsewhere_behind_an_uplink_without_a_program_it_gets_nothing(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Program.Tables.Devices.Update((uint)PacketLab.Lan.Index, new LbDevice { Flags = (uint)(LbDeviceFlag.Bare | LbDeviceFlag.Away) });
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent, Verdict.Drop, In(sent));

        Assert.Empty(Program.Tables.Flows());
        Counted((LbReason.DropNoProgram, 1));
    }
}
