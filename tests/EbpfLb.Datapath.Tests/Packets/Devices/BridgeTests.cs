using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Devices;

/// <summary>
/// At a bridge netfilter may have seen a packet before it was translated; what goes on to the stack comes in anew there. That netfilter
/// then knows the connection as the backend does is shown with real devices (BridgeMasqueradeRuleTests).
/// </summary>
public class BridgeTests : PacketTest
{
    public BridgeTests(PacketFixture fixture)
        : base(fixture.Program)
    {
        var device = Program.Tables.Devices.Lookup((uint)PacketLab.Wan.Index);
        Program.Tables.Devices.Update((uint)PacketLab.Wan.Index, device with { Flags = device.Flags | (uint)LbDeviceFlag.Bridge });
        Program.Settings = Program.Settings with { Flags = Program.Settings.Flags | (uint)LbSetting.SetBridge };
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void What_was_translated_for_the_stack_comes_in_anew(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        foreach (var transport in (Transport[])[Segments.Opening(protocol), Segments.Data(protocol)])
        {
            var sent = FromClient(family, transport);
            Became(sent.To(at.LocalPod, BackendPort), Verdict.Redirect, In(sent));
        }
        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Payload(3);
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));
        Counted((LbReason.PktNew, 1), (LbReason.PktToLocal, 2), (LbReason.PktReply, 1));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void What_is_no_flows_goes_on_as_it_came(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var other = PacketBuilder.From(Ends.Of(family).Client, ClientPort).To(Ends.Of(family).LocalPod, BackendPort)
            .Over(Segments.Opening(protocol)).Payload(3);

        Untouched(other, In(other));
    }
}
