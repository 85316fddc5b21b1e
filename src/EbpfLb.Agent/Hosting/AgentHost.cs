using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Hosting.Modules;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EbpfLb.Agent.Hosting;

/// <summary>Puts the agent together out of its modules and runs it until the process is told to end.</summary>
internal sealed class AgentHost(AgentContext agent)
{
    /// <summary>The meter that OpenTelemetry or others may attach to.</summary>
    public const string MeterName = "EbpfLb";

    /// <summary>Runs until SIGTERM, SIGINT or the token. Returns whether it ended for one of these reasons.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        // Empty: no configuration files, environment or event sources to look for, which would only slow the start.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "ebpflb" });
        builder.Services.AddSingleton(agent.Loggers);
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
        // They start in this order, and end in the opposite one.
        builder.Services
            .AddState(agent)
            .AddEvents(agent)
            .AddVerification(agent)
            .AddDrains(agent)
            .AddHistory(agent)
            .AddNode(agent)
            .AddServers(agent)
            .AddClients(agent)
            .AddConfigReload(agent)
            .AddPipeline(agent)
            .AddConntrack(agent)
            .AddDrops(agent)
            .AddVerifySchedule(agent);
        using var host = builder.Build();
        // Parts that end asynchronously do so here when the host never ran; else they have ended by then.
        await using var parts = (IAsyncDisposable)host;
        var services = host.Services;
        foreach (var preparation in services.GetServices<Preparation>()) preparation.Run(services);
        services.GetRequiredService<IEventRecorder>().Record(
            new ClusterEvent(EventSubject.Node, new ObjectName("", agent.Options.Start.NodeName), Warning: false, "Starting", "Start",
                $"ebpflb {VersionCommand.Version}"));
        var (pipeline, bindFailures) = (services.GetRequiredService<PipelineService>(), services.GetRequiredService<BindFailures>());
        var ended = await HostRun.RunAsync(host, agent.Logger<AgentHost>(), cancellationToken);
        Log.Stopping(agent.Logger<AgentHost>());
        return ended && !pipeline.Failed && !bindFailures.Failed;
    }
}
