using EbpfLb.Agent.Affinity;
using EbpfLb.Agent.Clients;
using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Configuring;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Events;
using EbpfLb.Agent.Explanations;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Health;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Stale;
using EbpfLb.Agent.Verifying;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Namespaces;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.ServiceHealth;
using EbpfLb.Http.Serving;
using EbpfLb.Kubernetes;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Policy;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>Wires source, pipeline, dataplane, metrics and servers together and runs them until the process is told to end.</summary>
/// <param name="live">What can change is asked for when it is needed; all else is as at the start.</param>
/// <param name="reload">File and command line anew; null: nothing is watched.</param>
internal sealed class AgentHost(
    LiveOptions live, Func<RunOptions>? reload, IClusterSource source, IDataplane dataplane, INodeKernel? nodeKernel,
    Verbosity verbosity, TimeProvider time, ILoggerFactory loggers) : IDisposable
{
    /// <summary>The meter that OpenTelemetry or others may attach to.</summary>
    public const string MeterName = "EbpfLb";

    /// <summary>Some 200 system calls each.</summary>
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);

    private readonly MetricRegistry metrics = new(loggers.CreateLogger<MetricRegistry>());
    private readonly RunOptions options = live.Current;

    /// <summary>Runs until SIGTERM, SIGINT or the token. Returns whether it ended for one of these reasons.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var health = new ProxyHealthTracker(time, () => live.Current.SyncPeriod);
        var needs = new NodePrerequisites(() => live.Current.Node, options.NodeName, isFromServer: options.Manifests is null, time);
        var state = new PipelineState(() => source.Status, health, nodeRequired: options.Manifests is null, loggers.CreateLogger<PipelineState>())
        {
            Needs = needs, MissingFeatures = () => FeatureText.Missing(dataplane.Features),
            Faults = dataplane.FindFaults, Dead = () => dataplane.Lost, PlaceProblems = dataplane.PlaceProblems,
        };
        _ = new SourceMetrics(metrics, () => source.Status);
        var flowState = new FlowState();
        var names = new ServiceNames(dataplane, state);
        var drops = new DropHistory(DropHistory.DefaultCapacity);
        var flowMetrics = new FlowMetrics(metrics, () => flowState.Flows);
        _ = new DatapathMetrics(metrics, new DataplaneReadings(dataplane, state, flowState, time));
        _ = new ServiceMetrics(metrics, new ServiceSeries(dataplane, state, () => live.Current.ServiceMetrics, time).Read);
        _ = new ProcessMetrics(metrics, VersionCommand.Version);
        _ = new EndpointMetrics(metrics, () => NoLocalEndpoints.Count(state.Table));
        if (source is ApiServerSource api)
            _ = new RestClientMetrics(metrics, () => api.Requests.Read().Select(r => new RestClientReading(r.Key.Code, r.Key.Method, r.Key.Host, r.Value)));
        using var slis = new SliMetrics(state);
        var config = new ConfigState(live);
        var view = new AgentView(options.Instance.Name, VersionCommand.Version, time, state, dataplane, flowState,
            new FlowView(Origin.Agent, new FlowTable(dataplane.FlowMaps, time), names, drops, time),
            new AgentExplainer(state, () => live.Current.Node, options.NodeName), config);

        _ = new RepairMetrics(metrics, dataplane.ReadRepairs);
        _ = new RetireMetrics(metrics, () => (dataplane.Retiring.Waiting, dataplane.Retiring.Failures));
        var requests = new LoopRequests();
        live.Subscribe(requests.Wake);
        using var verifier = new Verifier(source, dataplane, state, requests, new VerifyMetrics(metrics), time, loggers.CreateLogger<Verifier>());
        view.Verifier = verifier;

        using var events = new EventQueue(source as IEventWriter, options.NodeName, time, loggers.CreateLogger<EventQueue>());
        var nodeObjects = new NodeObjectLog(options.NodeName, events, loggers.CreateLogger<NodeReconciler>());
        state.NodeObjects.Add(change => nodeObjects.Write(change.Before, change.Now));
        state.Rounds.Add(new ProgrammingEvents(events).Record);
        var bindFailures = new BindFailures(events, options.NodeName, options.BindAddressHardFail, loggers.CreateLogger<AgentHost>());
        await using var serviceHealth = new ServiceHealthServer(() => health.Report(nodeEligible: true).Healthy, events, time, loggers);
        view.ServicePortProblems = () => serviceHealth.Problems;

        using var network = new KernelNetwork();
        var keeper = nodeKernel is null ? null : new NodeReconciler(nodeKernel, network, state, () => live.Current.Node, () => live.Current.SetSysctls, loggers.CreateLogger<NodeReconciler>());
        // Before the first round: what it publishes shall find the node as it is.
        keeper?.Refresh();
        new NetworkFollower(state, requests).Attach();
        new ServiceHealthPorts(serviceHealth, state, () => live.Current.Node.NodePortAddresses).Attach();
        var healthRetry = new ServiceHealthRetry(serviceHealth, time, loggers.CreateLogger<ServiceHealthRetry>());
        var clients = dataplane is IClientKernel clientKernel
            ? new ClientKeeper(clientKernel, new ClientReader(new NetworkNamespaces()), network.NamespaceCookie, time, loggers.CreateLogger<ClientKeeper>())
            : null;
        clients?.Refresh();

        // Empty: no configuration files, environment or event sources to look for, which would only slow the start.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "ebpflb" });
        builder.Services.AddSingleton(loggers);
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
        builder.Services.AddSingleton<IHostedService>(events);
        builder.Services.AddSingleton<IHostedService>(healthRetry);
        builder.Services.AddSingleton<IHostedService>(new NodeStartTimeout(needs, state, time, loggers.CreateLogger<NodeStartTimeout>()));
        builder.Services.AddHostedService(_ => new ControlServer(options.Instance.ControlSocket, view, loggers));
        if (options.HealthzAddress is { } healthz)
        {
            var endpoints = new HealthEndpoints(state, new HealthMetrics(metrics));
            builder.Services.AddSingleton<IHostedService>(
                new RetryingServer("health", OptionNames.HealthzBindAddress, healthz, endpoints.HandleAsync, time, loggers, bindFailures.For("FailedToStartProxierHealthcheck")));
        }
        if (options.MetricsAddress is { } address)
        {
            builder.Services.AddSingleton<IHostedService>(
                new RetryingServer("metrics", OptionNames.MetricsBindAddress, address,
                    new MetricsEndpoints(metrics, slis, AgentPages.Of(options, config.ToJson, verbosity, time)).HandleAsync, time, loggers,
                    bindFailures.For("FailedToStartMetricServer"), options.EnableProfiling ? MetricsEndpoints.BodyBytes : 0));
        }
        if (keeper is not null)
        {
            var node = new NodeService(keeper, network, state, () => live.Current.SyncPeriod, time, loggers.CreateLogger<NodeService>());
            live.Subscribe(node.Wake);
            builder.Services.AddSingleton<IHostedService>(node);
        }
        if (dataplane is IAffinityKernel affinity)
            builder.Services.AddSingleton<IHostedService>(new AffinityService(affinity, time, loggers.CreateLogger<AffinityService>()));
        if (clients is not null)
        {
            var clientService = new ClientService(clients, NamespaceChanges.WatchAsync, () => live.Current.SyncPeriod, time, loggers.CreateLogger<ClientService>());
            live.Subscribe(clientService.Wake);
            builder.Services.AddSingleton<IHostedService>(clientService);
        }
        if (reload is not null && options.ConfigPath is { } file)
        {
            var reloading = new ConfigReload(reload, live, config, loggers.CreateLogger<ConfigReload>());
            builder.Services.AddSingleton<IHostedService>(
                new ConfigWatcher(file, options.Config.Text, reloading.Run, new ConfigMetrics(metrics, time.GetUtcNow()), time, loggers.CreateLogger<ConfigWatcher>()));
        }
        builder.Services.AddSingleton(services => CreatePipeline(state, health, requests, new MapRepair(verifier, loggers.CreateLogger<MapRepair>()), services.GetRequiredService<IHostApplicationLifetime>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<PipelineService>());
        builder.Services.AddSingleton<IHostedService>(
            new FlowService(dataplane, () => live.Current.Flows, flowState, flowMetrics, time, loggers.CreateLogger<FlowService>()));
        var stale = new StaleService(dataplane, state, new StaleMetrics(metrics), new ConntrackReconcilerMetrics(metrics), options.EndTcp, () => live.Current.SyncPeriod, time, loggers.CreateLogger<StaleService>());
        live.Subscribe(stale.Wake);
        builder.Services.AddSingleton<IHostedService>(stale);
        builder.Services.AddSingleton<IHostedService>(new DestinationFilterService(dataplane, time, loggers.CreateLogger<DestinationFilterService>()));
        builder.Services.AddSingleton<IHostedService>(new DropService(dataplane, drops, names, time, loggers.CreateLogger<DropService>()));
        builder.Services.AddSingleton<IHostedService>(new VerifyService(verifier, options.Verify, new Random(), time, loggers.CreateLogger<VerifyService>()));
        using var host = builder.Build();
        var pipeline = host.Services.GetRequiredService<PipelineService>();
        bindFailures.Stop = host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication;
        events.Record(new ClusterEvent(EventSubject.Node, new ObjectName("", options.NodeName), Warning: false, "Starting", "Start", $"ebpflb {VersionCommand.Version}"));
        var ended = await HostRun.RunAsync(host, loggers.CreateLogger<AgentHost>(), cancellationToken);
        Log.Stopping(loggers.CreateLogger<AgentHost>());
        return ended && !pipeline.Failed && !bindFailures.Failed;
    }

    public void Dispose() => metrics.Dispose();

    private PipelineService CreatePipeline(PipelineState state, ProxyHealthTracker health, LoopRequests requests, MapRepair repair, IHostApplicationLifetime lifetime)
    {
        var logger = loggers.CreateLogger<SyncLoop>();
        var channel = SourceReader.CreateChannel();
        var sync = new SyncMetrics(metrics);
        var plan = new PlanMetrics(metrics);
        var changes = new ChangeTracker(sync, time);
        var reader = new SourceReader(source, channel.Writer, changes, health, sync, time);
        var loop = new SyncLoop(
            channel.Reader,
            new SyncRound(dataplane, PolicyOf(options), plan, time, logger) { Network = () => state.NodeView.State?.Network ?? NodeNetwork.None },
            new HookGuard(dataplane, state, time, logger) { RepairMaps = repair.Begin },
            changes, state, health, sync, plan,
            () => new PipelineSettings(live.Current.MinSyncPeriod, live.Current.SyncPeriod) { WatchPeriod = WatchPeriod }, time, logger) { Requests = requests };
        return new PipelineService(reader, loop, lifetime, logger);
    }

    private static PolicyOptions PolicyOf(RunOptions options) => new()
    {
        NodeName = options.NodeName,
        KeepsTcpEndpoints = options.EndTcp,
        RefuseUnknownPorts = options.Node.RefuseUnknownPorts,
    };
}
