using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Health;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Reload;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>Where everything stands: what the other modules write and the servers, metrics and commands read.</summary>
internal static class StateModule
{
    public static IServiceCollection AddState(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(_ => new ProxyHealthTracker(agent.Time, agent.SyncPeriod))
        .AddSingleton(_
            => new NodePrerequisites(
                agent.Options.Live(o => o.Node), agent.Options.Start.NodeName, agent.Source.Capabilities.HasNodes, agent.Time))
        .AddSingleton(p => new PipelineState(
            () => agent.Source.Status, p.Get<ProxyHealthTracker>(), agent.Source.Capabilities.HasNodes, agent.Logger<PipelineState>())
        {
            Needs = p.Get<NodePrerequisites>(), MissingFeatures = () => FeatureText.Missing(agent.Dataplane.Diagnostics.Features),
            Faults = agent.Dataplane.Hooks.FindFaults, Dead = () => agent.Dataplane.Hooks.Lost,
            PlaceProblems = agent.Dataplane.Diagnostics.PlaceProblems,
        })
        .AddSingleton(_ => new ConfigState(agent.Options))
        .AddSingleton(_ => new FlowState())
        .AddSingleton(p => new SliMetrics(p.Get<PipelineState>()))
        .AddSingleton(_ => new SyncMetrics(agent.Metrics))
        .AddSingleton(_ => new PlanMetrics(agent.Metrics))
        .Prepare(p => Observe(agent, p.Get<PipelineState>(), p.Get<FlowState>()));

    /// <summary>Series that are read when they are asked for.</summary>
    private static void Observe(AgentContext agent, PipelineState state, FlowState flows)
    {
        var (metrics, dataplane) = (agent.Metrics, agent.Dataplane);
        _ = new ReadyMetrics(metrics, state);
        _ = new SourceMetrics(metrics, () => agent.Source.Status);
        _ = new DatapathMetrics(metrics, new DataplaneReadings(dataplane.Hooks, dataplane.Diagnostics, state, flows, agent.Time));
        _ = new ServiceMetrics(
            metrics, new ServiceSeries(dataplane.Services, state, agent.Options.Live(o => o.ServiceMetrics), agent.Time).Read);
        _ = new BackendMetrics(
            metrics, new BackendSeries(dataplane.Services, state, agent.Options.Live(o => o.BackendMetrics), agent.Time).Read);
        _ = new ProcessMetrics(metrics, VersionCommand.Version);
        _ = new EndpointMetrics(metrics, () => NoLocalEndpoints.Count(state.Table));
        _ = new RepairMetrics(
            metrics, () => dataplane.Diagnostics.ReadRepairs().ToDictionary(r => SnakeCase.Of(r.Key.ToString()), r => r.Value));
        _ = new RetireMetrics(metrics, () => (dataplane.Services.Retiring.Waiting, dataplane.Services.Retiring.Failures));
        if (agent.Source.Capabilities.Requests is { } requests)
            _ = new RestClientMetrics(metrics, () => requests().Select(r => new RestClientReading(r.Code, r.Method, r.Host, r.Count)));
    }
}
