using System.Net;
using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Drains;
using EbpfLb.Agent.Explanations;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Health;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Reload;
using EbpfLb.Agent.Verification;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.Page;
using EbpfLb.Http.Server;
using EbpfLb.Http.ServiceHealth;
using EbpfLb.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>What answers: the control socket for the commands, /healthz, /metrics, and the health check ports of Services.</summary>
internal static class ServersModule
{
    public static IServiceCollection AddServers(this IServiceCollection services, AgentContext agent)
    {
        services
            .AddSingleton(p => new ServiceHealthServer(
                () => p.Get<PipelineState>().Report().Healthy, p.Get<IEventRecorder>(), agent.Time, agent.Loggers))
            .AddRunning(p => new ServiceHealthRetry(p.Get<ServiceHealthServer>(), agent.Time, agent.Logger<ServiceHealthRetry>()))
            .Prepare(p => new ServiceHealthPorts(
                p.Get<ServiceHealthServer>(), p.Get<PipelineState>(), agent.Options.Live(o => o.Node.NodePortAddresses)).Attach())
            .AddSingleton(p => ViewOf(agent, p))
            .AddRunning(p => new ControlServer(agent.Options.Start.Instance.ControlSocket, p.Get<AgentView>(), agent.Loggers)
            {
                Metrics = agent.Metrics.ExportAsync,
            });
        if (agent.Options.Start.HealthzAddress is { } healthz) services.AddSingleton<IHostedService>(p => HealthOf(agent, healthz, p));
        if (agent.Options.Start.MetricsAddress is { } metrics)
            services.AddPage(agent).AddSingleton<IHostedService>(p => MetricsOf(agent, metrics, p));
        return services;
    }

    private static AgentView ViewOf(AgentContext agent, IServiceProvider p)
    {
        var flows = new FlowView(
            Origin.Agent, new FlowTable(agent.Dataplane.Conntrack.FlowMaps, agent.Time), p.Get<ServiceNames>(), p.Get<DropHistory>(),
            agent.Time, () => agent.Options.Live(o => o.Node.DropEvents)() ? p.Get<DropService>().Problem : DropService.SwitchedOff);
        var explainer = new AgentExplainer(p.Get<PipelineState>(), agent.Options.Live(o => o.Node), agent.Options.Start.NodeName);
        var health = p.Get<ServiceHealthServer>();
        var traces = new TraceView(
            p.Get<TraceHistory>(), p.Get<TraceWatchers>(), () => p.Get<TraceService>().Lost, p.Get<ServiceNames>(), agent.Time);
        return new AgentView(
            agent.Options.Start.Instance.Name, VersionCommand.Version, agent.Time, p.Get<PipelineState>(), agent.Dataplane,
            p.Get<FlowState>(), flows, explainer, p.Get<ConfigState>(), p.Get<Verifier>(), () => health.Problems, p.Get<DrainView>(),
            p.Get<HistoryView>(), traces);
    }

    private static RetryingServer HealthOf(AgentContext agent, IPEndPoint address, IServiceProvider p)
    {
        var endpoints = new HealthEndpoints(p.Get<PipelineState>(), new HealthMetrics(agent.Metrics));
        return new RetryingServer(
            "health", OptionNames.HealthzBindAddress, address, endpoints.Routes,
            agent.Time, agent.Loggers, p.Get<BindFailures>().For("FailedToStartProxierHealthcheck"));
    }

    private static RetryingServer MetricsOf(AgentContext agent, IPEndPoint address, IServiceProvider p)
    {
        var pages = AgentPages.Of(agent.Options.Start, p.Get<ConfigState>().ToJson, agent.Verbosity, agent.Time);
        return new RetryingServer(
            "metrics", OptionNames.MetricsBindAddress, address,
            new MetricsEndpoints(agent.Metrics, p.Get<SliMetrics>(), pages, agent.Time) { Page = p.Get<PageEndpoints>() }.Routes,
            agent.Time, agent.Loggers, p.Get<BindFailures>().For("FailedToStartMetricServer"));
    }
}
