using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.StaleSockets;
using EbpfLb.Http.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>
/// Flows: those that are over leave the conntrack maps, those to removed endpoints end, and addresses that nothing goes to any more leave
/// the destination filter.
/// </summary>
internal static class ConntrackModule
{
    public static IServiceCollection AddConntrack(this IServiceCollection services, AgentContext agent) => services
        .AddRunning(p =>
        {
            var flows = p.Get<FlowState>();
            return new FlowService(agent.Dataplane.Conntrack, agent.Dataplane.Diagnostics, agent.Options.Live(o => o.Flows), flows,
                new FlowMetrics(agent.Metrics, () => flows.Flows), agent.Time, agent.Logger<FlowService>());
        })
        .AddRunning(p => new StaleService(
            agent.Dataplane.Conntrack, p.Get<PipelineState>(), new StaleMetrics(agent.Metrics),
            new ConntrackReconcilerMetrics(agent.Metrics),
            agent.Options.Start.EndTcp, agent.SyncPeriod, agent.Time,
            agent.Logger<StaleService>()))
        .AddRunning(_
            => new DestinationFilterService(agent.Dataplane.Conntrack, agent.Time, agent.Logger<DestinationFilterService>()))
        .Prepare(p => agent.Options.Subscribe(p.Get<StaleService>().Wake));
}
