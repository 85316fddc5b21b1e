using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Events;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>Dropped packets: read as the programs report them, kept for `ebpflb drops`, and logged in short.</summary>
internal static class DropsModule
{
    public static IServiceCollection AddDrops(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(p => new ServiceNames(agent.Dataplane.Services, p.Get<PipelineState>()))
        .AddSingleton(_ => new DropHistory(DropHistory.DefaultCapacity))
        .AddRunning(p => new DropService(
            agent.Dataplane.Diagnostics, p.Get<DropHistory>(), p.Get<ServiceNames>(), agent.Time, agent.Logger<DropService>()));
}
