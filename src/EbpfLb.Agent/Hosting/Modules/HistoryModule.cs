using EbpfLb.Agent.History;
using EbpfLb.Agent.Pipeline;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>What was programmed, and when.</summary>
internal static class HistoryModule
{
    public static IServiceCollection AddHistory(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(_ => new HistoryRing(HistoryRing.DefaultPlans, HistoryRing.DefaultBytes))
        .AddSingleton(p => new PlanHistory(p.Get<HistoryRing>()))
        .AddRunning(p => new HistoryService(
            p.Get<HistoryRing>(), new HistoryFile(agent.Options.Start.Instance.HistoryFile), agent.Time, agent.Logger<HistoryService>()))
        .AddSingleton(p => new HistoryView(
            p.Get<PlanHistory>(), p.Get<HistoryRing>(), () => p.Get<HistoryService>().Problem, agent.Time))
        .Prepare(p =>
        {
            var (plans, file) = (p.Get<PlanHistory>(), p.Get<HistoryService>());
            p.Get<PipelineState>().Plans.Add(plan =>
            {
                plans.Record(plan);
                file.Wake();
            });
        });
}
