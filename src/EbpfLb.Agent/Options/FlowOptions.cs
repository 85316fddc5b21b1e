using EbpfLb.Datapath.Flows;

namespace EbpfLb.Agent.Options;

/// <summary>How flows live and what watching over them may cost.</summary>
/// <param name="SweepShare">Of one core, 0 to 1.</param>
internal sealed record FlowOptions(FlowLifetimes Lifetimes, double SweepShare)
{
    public static FlowOptions Default { get; } = new(new FlowLifetimes(), 0.05);
}
