using EbpfLb.Agent.Drains;
using EbpfLb.Agent.Pipeline;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>Backends that an operator drained on this node.</summary>
internal static class DrainsModule
{
    public static IServiceCollection AddDrains(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(_ => new DrainStore(new DrainFile(agent.Options.Start.Instance.DrainFile), agent.Time, agent.Logger<DrainStore>()))
        .AddSingleton(p => new DrainAbsences(p.Get<DrainStore>(), agent.Time))
        .AddRunning(p => new DrainService(
            p.Get<DrainStore>(), p.Get<DrainAbsences>(), p.Get<LoopRequests>(), () => p.Get<PipelineState>().Source, agent.Time,
            agent.Logger<DrainService>()))
        .Prepare(p =>
        {
            var (state, drains) = (p.Get<PipelineState>(), p.Get<DrainService>());
            state.AppliedTables.Add(_ =>
            {
                if (state.Compiled is { } compiled) drains.Look(compiled.Snapshot);
            });
        })
        .AddSingleton(p => new DrainView(
            p.Get<DrainStore>(), p.Get<DrainAbsences>(), p.Get<PipelineState>(), p.Get<LoopRequests>(), p.Get<DrainService>().Wake,
            agent.Time, agent.Logger<DrainView>()));
}
