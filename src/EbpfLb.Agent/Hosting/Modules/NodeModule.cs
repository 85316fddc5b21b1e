using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Pipeline;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>The node's devices, addresses and settings: read, brought into the kernel, followed.</summary>
internal static class NodeModule
{
    public static IServiceCollection AddNode(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(_ => new KernelNetwork())
        .AddRunning(p
            => new NodeStartTimeout(p.Get<NodePrerequisites>(), p.Get<PipelineState>(), agent.Time, agent.Logger<NodeStartTimeout>()))
        .AddSingleton(p => new NodeReconciler(
            agent.Dataplane.Node, p.Get<KernelNetwork>(), p.Get<PipelineState>(), agent.Options.Live(o => o.Node),
            agent.Options.Live(o => o.SetSysctls), agent.Logger<NodeReconciler>()))
        .AddRunning(p => new NodeService(
            p.Get<NodeReconciler>(), p.Get<KernelNetwork>(), p.Get<PipelineState>(), agent.SyncPeriod, agent.Time,
            agent.Logger<NodeService>()))
        .Prepare(p =>
        {
            // Before the first round: what it publishes shall find the node as it is.
            p.Get<NodeReconciler>().Refresh();
            agent.Options.Subscribe(p.Get<NodeService>().Wake);
        })
        .Prepare(p => new NetworkFollower(p.Get<PipelineState>(), p.Get<LoopRequests>()).Attach());
}
