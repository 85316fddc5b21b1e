using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>Which flows are meant: those that meet all conditions that are set.</summary>
public sealed record FlowFilter
{
    public static FlowFilter All { get; } = new();

    public TransportProtocol? Protocol { get; init; }

    public EndpointFilter? Client { get; init; }

    public EndpointFilter? Frontend { get; init; }

    public EndpointFilter? Backend { get; init; }

    /// <summary>Ids of service ports; null: any.</summary>
    public IReadOnlySet<uint>? ServiceIds { get; init; }

    public LbCtPhase? Phase { get; init; }

    /// <summary>Without a packet in either direction for longer than this.</summary>
    public TimeSpan? IdleLongerThan { get; init; }

    /// <param name="now">The tick of this moment, see <see cref="FlowClock"/>.</param>
    public bool Matches(Flow flow, uint now)
        => (Protocol is not { } protocol || flow.Protocol == (byte)protocol)
            && Client?.Matches(flow.Client) != false
            && Frontend?.Matches(flow.Frontend) != false
            && Backend?.Matches(flow.Backend) != false
            && ServiceIds?.Contains(flow.ServiceId) != false
            && (Phase is not { } phase || flow.Phase == phase)
            && (IdleLongerThan is not { } idle || FlowClock.IdleTime(flow.LastTick, now) > idle);
}
