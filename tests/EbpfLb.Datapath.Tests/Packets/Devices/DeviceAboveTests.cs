using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Devices;

/// <summary>
/// Two programs see one packet: that of the lower device translates it, and that of the device above (a macvlan, a bridge) meets it as the
/// stack hands it on. wan0 is the lower one here, wan1 the one above.
/// </summary>
public class DeviceAboveTests : PacketTest
{
    public DeviceAboveTests(PacketFixture fixture)
        : base(fixture.Program)
    {
        var device = Program.Tables.Devices.Lookup((uint)PacketLab.SecondWan.Index);
        Program.Tables.Devices.Update((uint)PacketLab.SecondWan.Index, device with { Flags = (uint)LbDeviceFlag.Above });
        Program.Settings = Program.Settings with { Flags = Program.Settings.Flags | (uint)LbSetting.SetAbove };
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_translated_packet_passes_the_device_above_and_its_flow_stays(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        foreach (var packet in (Transport[])[Segments.Opening(protocol), Segments.Data(protocol), Segments.Opening(protocol)])
        {
            var translated = In(FromClient(family, packet));
            var before = OnlyFlow();

            Became(translated.Packet, Verdict.Pass, In(translated.Packet, PacketLab.SecondWan));

            Assert.Equal(before, OnlyFlow());
        }
        Assert.Equal(3ul, Program.Count(LbReason.PktPassed));
    }

    /// <summary>A pod that is another Service's frontend, say one of a proxy: kube-proxy translates a packet once, too.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void It_is_not_translated_once_more_where_the_backend_is_a_frontend(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        Program.Serve(new ServiceSpec(
            (byte)protocol, new FrontendSpec(at.LocalPod, BackendPort, LbServiceFlag.External)) { Backends = [RemoteBackend(family)] });
        var translated = In(FromClient(family, Segments.Opening(protocol)));

        Became(translated.Packet, Verdict.Pass, In(translated.Packet, PacketLab.SecondWan));

        OnlyFlow();
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_client_that_asks_by_the_device_above_itself_is_served_there(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(sent, PacketLab.SecondWan));

        Assert.Equal((uint)PacketLab.SecondWan.Index, OnlyFlow().Reply.State.Oif);
    }

    /// <summary>
    /// Its first packet comes by the lower device untranslated, and ends the half-open flow whose replies it would be given.
    /// </summary>
    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void A_client_that_then_asks_the_backend_itself_ends_its_half_open_flow(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var direct = FromClient(family, Segments.Opening(protocol)).To(Ends.Of(family).LocalPod, BackendPort);

        Untouched(direct, In(direct));
        Untouched(direct, In(direct, PacketLab.SecondWan));

        Assert.Empty(Program.Tables.Flows());
    }
}
