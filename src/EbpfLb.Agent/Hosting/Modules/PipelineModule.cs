using EbpfLb.Agent.Drains;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Verification;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Policy;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>Source to kernel: snapshots are read, compiled, planned and applied, one round after the other.</summary>
internal static class PipelineModule
{
    /// <summary>Of looking whether the hooks are in force: some 200 system calls each.</summary>
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);

    public static IServiceCollection AddPipeline(this IServiceCollection services, AgentContext agent) => services.AddRunning(p =>
    {
        var (state, health, sync) = (p.Get<PipelineState>(), p.Get<ProxyHealthTracker>(), p.Get<SyncMetrics>());
        var (plan, logger, channel) = (p.Get<PlanMetrics>(), agent.Logger<SyncLoop>(), SourceReader.CreateChannel());
        var changes = new ChangeTracker(sync, agent.Time);
        var round = new SyncRound(agent.Dataplane.Services, PolicyOf(agent.Options.Start), plan, agent.Time, logger)
        {
            Network = () => state.NodeView.State?.Network ?? NodeNetwork.None,
            Drains = () => p.Get<DrainStore>().Current,
        };
        var guard = new HookGuard(agent.Dataplane.Hooks, state, agent.Time, logger) { RepairMaps = p.Get<MapRepair>().Begin };
        var loop = new SyncLoop(
            channel.Reader, round, guard, changes, state, health, sync, plan,
            agent.Options.Live(o => new PipelineSettings(o.MinSyncPeriod, o.SyncPeriod) { WatchPeriod = WatchPeriod }),
            agent.Time, logger) { Requests = p.Get<LoopRequests>() };
        return new PipelineService(new SourceReader(agent.Source, channel.Writer, changes, health, sync, agent.Time), loop,
            p.Get<IHostApplicationLifetime>(), logger);
    });

    private static PolicyOptions PolicyOf(StartOptions options) => new()
    {
        NodeName = options.NodeName,
        KeepsTcpEndpoints = options.EndTcp,
        RefuseUnknownPorts = options.RefuseUnknownPorts,
        Scheduler = options.Scheduler,
        MaglevTableSize = options.MaglevTableSize,
        Tunnels = options.Tunnel.IsUsed,
        Forwarding = options.Forwarding,
    };
}
