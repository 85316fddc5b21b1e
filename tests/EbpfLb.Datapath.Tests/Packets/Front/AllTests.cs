using EbpfLb.Datapath.Tests.Packets.Devices;
using EbpfLb.Datapath.Tests.Packets.Fragments;
using EbpfLb.Datapath.Tests.Packets.Fuzz;
using EbpfLb.Datapath.Tests.Packets.Matrix;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Datapath.Tests.Schedulers;

namespace EbpfLb.Datapath.Tests.Packets.Front;

// The tests of packets once more, with the program in front of the stack. All that they say of tc must be true then, too.

[InFront]
public sealed class FragmentInFrontTests(PacketFixture fixture) : FragmentTests(fixture);

[InFront]
public sealed class FuzzInFrontTests(PacketFixture fixture) : FuzzTests(fixture);

[InFront]
public sealed class AffinityInFrontTests(PacketFixture fixture) : AffinityTests(fixture);

[InFront]
public sealed class AttackInFrontTests(PacketFixture fixture) : AttackTests(fixture);

[InFront]
public sealed class BackendPlaceInFrontTests(PacketFixture fixture) : BackendPlaceTests(fixture);

[InFront]
public sealed class BothEndsInFrontTests(PacketFixture fixture) : BothEndsTests(fixture);

[InFront]
public sealed class ChecksumInFrontTests(PacketFixture fixture) : ChecksumTests(fixture);

[InFront]
public sealed class ConversationInFrontTests(PacketFixture fixture) : ConversationTests(fixture);

[InFront]
public sealed class DestinationFilterInFrontTests(PacketFixture fixture) : DestinationFilterTests(fixture);

[InFront]
public sealed class DoubtInFrontTests(PacketFixture fixture) : DoubtTests(fixture);

[InFront]
public sealed class FlowInFrontTests(PacketFixture fixture) : FlowTests(fixture);

[InFront]
public sealed class ForwardInFrontTests(PacketFixture fixture) : ForwardTests(fixture);

[InFront]
public sealed class FrontendInFrontTests(PacketFixture fixture) : FrontendTests(fixture);

[InFront]
public sealed class IcmpErrorInFrontTests(PacketFixture fixture) : IcmpErrorTests(fixture);

[InFront]
public sealed class LimitInFrontTests(SmallFixture fixture) : LimitTests(fixture);

[InFront]
public sealed class LoadInFrontTests(PacketFixture fixture) : LoadTests(fixture);

[InFront]
public sealed class MartianInFrontTests(PacketFixture fixture) : MartianTests(fixture);

[InFront]
public sealed class MovedPortInFrontTests(PacketFixture fixture) : MovedPortTests(fixture);

[InFront]
public sealed class OtherHostInFrontTests(PacketFixture fixture) : OtherHostTests(fixture);

[InFront]
public sealed class BridgeInFrontTests(PacketFixture fixture) : BridgeTests(fixture);

[InFront]
public sealed class DeviceAboveInFrontTests(PacketFixture fixture) : DeviceAboveTests(fixture);

[InFront]
public sealed class PortShareInFrontTests(PortShareTests.Fixture fixture) : PortShareTests(fixture);

[InFront]
public sealed class PodInFrontTests(PacketFixture fixture) : PodTests(fixture);

[InFront]
public sealed class PortInFrontTests(PacketFixture fixture) : PortTests(fixture);

[InFront]
public sealed class RouteInFrontTests(PacketFixture fixture) : RouteTests(fixture);

[InFront]
public sealed class SctpStateInFrontTests(PacketFixture fixture) : SctpStateTests(fixture);

[InFront]
public sealed class SealInFrontTests(PacketFixture fixture) : SealTests(fixture);

[InFront]
public sealed class ShapeInFrontTests(PacketFixture fixture) : ShapeTests(fixture);

[InFront]
public sealed class TcpStateInFrontTests(PacketFixture fixture) : TcpStateTests(fixture);

[InFront]
public sealed class TimeWaitGuardInFrontTests(PacketFixture fixture) : TimeWaitGuardTests(fixture);

[InFront]
public sealed class UnknownInFrontTests(PacketFixture fixture) : UnknownTests(fixture);

[InFront]
public sealed class AcrossNodesInFrontTests(AcrossNodesTests.Cluster all) : AcrossNodesTests(all);

[InFront]
public sealed class UntrackedInFrontTests(UntrackedTests.AskedNode asked, UntrackedTests.OtherNode other)
    : UntrackedTests(asked, other);

[InFront]
public sealed class UsedUpInFrontTests(PacketFixture fixture) : UsedUpTests(fixture);

[InFront]
public sealed class WayInFrontTests(PacketFixture fixture) : WayTests(fixture);

[InFront]
public sealed class TruthInFrontTests(PacketFixture fixture) : TruthTests(fixture);

[InFront]
public sealed class DirectTruthInFrontTests(IpIpFixture fixture) : DirectTruthTests(fixture);

[InFront]
public sealed class SchedulerPacketInFrontTests(PacketFixture fixture) : SchedulerPacketTests(fixture);

