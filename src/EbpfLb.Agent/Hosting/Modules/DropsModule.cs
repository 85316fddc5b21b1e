using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Events;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>
/// Dropped packets: read as the programs report them, kept for `ebpflb drops`, and logged in short. And traces of flows, while
/// `ebpflb monitor` asks for them.
/// </summary>
internal static class DropsModule
{
    public static IServiceCollection AddDrops(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(p => new ServiceNames(agent.Dataplane.Services, p.Get<PipelineState>()))
        .AddSingleton(_ => new DropHistory(DropHistory.DefaultCapacity))
        .AddRunning(p => new DropService(
            agent.Dataplane.Diagnostics, p.Get<DropHistory>(), p.Get<ServiceNames>(), agent.Time, agent.Logger<DropService>()))
        .AddSingleton(_ => new TraceHistory(TraceHistory.DefaultCapacity))
        .AddSingleton(p => new TraceWatchers(p.Get<ServiceNames>(), agent.Time))
        .AddRunning(p => new TraceService(
            agent.Dataplane.Diagnostics, p.Get<TraceHistory>(), p.Get<TraceWatchers>(), agent.Time, agent.Logger<TraceService>()));
}
