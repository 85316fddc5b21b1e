using EbpfLb.Agent.Control;
using EbpfLb.Agent.Events;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Page;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Verification;
using EbpfLb.Datapath.Events;
using EbpfLb.Http.Page;
using EbpfLb.Policy;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>The status page at the metrics address.</summary>
internal static class PageModule
{
    public static IServiceCollection AddPage(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(p => new ServiceRates(agent.Dataplane.Services, p.Get<PipelineState>(), agent.Time))
        .AddRunning(p => new RateService(p.Get<ServiceRates>(), agent.Time, agent.Logger<RateService>()))
        .AddSingleton(p => new PageServices(
            p.Get<PipelineState>(), p.Get<AgentView>(), p.Get<ServiceRates>(), p.Get<RateService>(), () => CountDrops(agent, p),
            agent.Options.Start.TrafficCounts))
        .AddSingleton(p => new PageReadings(
            p.Get<AgentView>(), p.Get<PipelineState>(), agent.Options.Start, p.Get<PageServices>(), p.Get<RecentEvents>(),
            p.Get<Verifier>(), agent.Options.Live(o => o), agent.Time))
        .AddSingleton(p => new PageEndpoints(p.Get<PageReadings>(), agent.Time));

    /// <summary>By "namespace/name"; null: drops are not reported.</summary>
    private static Dictionary<string, int>? CountDrops(AgentContext agent, IServiceProvider p)
        => !agent.Options.Live(o => o.Node.DropEvents)() || p.Get<DropService>().Problem is not null ? null : p.Get<DropHistory>().After(0)
            .Select(d => agent.Dataplane.Services.FindServicePort(d.Event.ServiceId)).OfType<ServicePortKey>()
            .GroupBy(key => key.Service.ToString(), StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
}
