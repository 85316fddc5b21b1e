using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Front;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Matrix;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Devices;

/// <summary>
/// Frames of VLANs in front of the stack, by the driver of the device below. This kernel has no VLANs, so the lab's devices stand for
/// them: XDP and routes see no difference. That each frame has its tag, and is but for that what tc makes of it, <see cref="FrontOfStack"/>
/// sees to.
/// </summary>
[InFront(IsTagged = true)]
public sealed class VlanTests(PacketFixture fixture) : FrontTest(fixture)
{
    private const uint XdpPass = 2;

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void From_one_VLAN_to_another_and_back_requests_and_replies_are_taken(L4 protocol, Family family)
    {
        var (data, reply) = Open(protocol, family, RemoteBackend(family));

        Assert.True(IsTaken(data, PacketLab.Wan));
        Assert.True(IsTaken(reply, PacketLab.Lan));
        Assert.True(IsTaken(data.Payload(1200), PacketLab.Wan));
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void Between_a_VLAN_and_a_device_without_tags_they_are_put_in_and_taken_out(L4 protocol, Family family)
    {
        Program.Vlans = [PacketLab.Wan];
        Program.Reset();
        var (data, reply) = Open(protocol, family, RemoteBackend(family));

        Assert.True(IsTaken(data, PacketLab.Wan));
        Assert.True(IsTaken(reply, PacketLab.Lan));

        Program.Vlans = [PacketLab.Lan];
        Program.Reset();
        (data, reply) = Open(protocol, family, RemoteBackend(family));

        Assert.True(IsTaken(data, PacketLab.Wan));
        Assert.True(IsTaken(reply, PacketLab.Lan));
    }

    /// <summary>But of UDP, for which a socket may wait that is bound to the VLAN: that only tc sees.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void The_first_packet_opens_the_flow_by_the_VLAN(Family family)
    {
        foreach (var protocol in (L4[])[L4.Udp, L4.Tcp]) Serve(protocol, family, RemoteBackend(family));

        RunAtLower(Tagged(FromClient(family, Segments.Opening(L4.Udp)), PacketLab.Wan));
        Assert.Empty(Program.Tables.Flows());
        RunAtLower(Tagged(FromClient(family, Segments.Opening(L4.Tcp)), PacketLab.Wan));

        Assert.Equal((uint)PacketLab.Wan.Index, Program.Tables.Flows().Single(f => f.IsReply).State.Oif);
    }

    /// <summary>Another VLAN, one of 802.1ad, a priority without one, and one in another.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Other_tags_are_for_the_stack(Family family)
    {
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));
        var wan = PacketLab.Wan.Index;
        Assert.True(IsTaken(data, PacketLab.Wan));
        var twice = data.Vlan(wan).Build();
        twice = [.. twice[..12], 0x81, 0, 0, (byte)wan, .. twice[12..]];

        Passed(data.Vlan(7).Build());
        Passed(data.Vlan(wan, protocol: 0x88a8).Build());
        Passed(data.Vlan(0, priority: 3).Build());
        Passed(twice);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Another_priority_is_given_up_as_the_stack_does(Family family)
    {
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));
        Assert.True(IsTaken(data, PacketLab.Wan));

        var result = RunAtLower(data.Vlan(PacketLab.Wan.Index, priority: 5).Build());

        Assert.NotEqual(XdpPass, result.ReturnValue);
        Assert.Equal("810000" + PacketLab.Lan.Index.ToString("X2", null), Convert.ToHexString(result.Data[12..16]));
    }

    /// <summary>The program is there for a VLAN; the device's own frames are its stack's.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Frames_of_a_device_that_has_the_program_for_its_VLANs_only_open_nothing(Family family)
    {
        var below = (uint)PacketLab.Pods.Index;
        Program.Tables.Devices.Update(below, Program.Tables.Devices.Lookup(below) with { Flags = (uint)LbDeviceFlag.Bare });
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));
        Assert.True(IsTaken(data, PacketLab.Wan));

        Passed(data.Build());
        Passed(FromClient(family, Segments.Opening(L4.Tcp), ClientPort + 1).Build());
        Assert.Equal(2, Program.Tables.Flows().Count);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_leaves_by_a_device_that_sends_no_frames_is_for_tc(Family family)
    {
        Program.Vlans = [PacketLab.Lan];
        Program.Reset();
        var (data, reply) = Open(L4.Udp, family, RemoteBackend(family));
        var lan = (uint)PacketLab.Lan.Index;
        Program.Tables.Devices.Update(lan, Program.Tables.Devices.Lookup(lan) with { Flags = 0 });
        Program.Tables.ForgetNeighbours();

        for (var i = 0; i < 5; i++) Assert.False(IsTakenAtOnce(data.Build(), PacketLab.Wan));
        Assert.True(IsTaken(reply, PacketLab.Lan));
    }

    private TestRunResult RunAtLower(byte[] frame) => Program.Netns.Run(() => Front.RunHere(frame, PacketLab.Pods.Index));

    private static byte[] Tagged(PacketBuilder packet, Device device) => packet.Vlan(device.Index).Build();

    private void Passed(byte[] frame)
    {
        for (var i = 0; i < 5; i++)
        {
            var result = RunAtLower(frame);
            Assert.Equal(XdpPass, result.ReturnValue);
            Assert.Equal(frame, result.Data);
        }
    }
}

// Tests of packets once more, as frames of VLANs.

[InFront(IsTagged = true)]
public sealed class FlowInVlanTests(PacketFixture fixture) : FlowTests(fixture);

[InFront(IsTagged = true)]
public sealed class ForwardInVlanTests(PacketFixture fixture) : ForwardTests(fixture);

[InFront(IsTagged = true)]
public sealed class IpIpInVlanTests(IpIpFixture fixture) : TunnelTests(fixture), IClassFixture<IpIpFixture>;

[InFront(IsTagged = true)]
public sealed class GeneveInVlanTests(GeneveFixture fixture) : TunnelTests(fixture), IClassFixture<GeneveFixture>;
