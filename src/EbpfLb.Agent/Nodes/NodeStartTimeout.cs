using EbpfLb.Agent.Pipeline;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>Says once, and loudly, that the Node object which the options need did not come in time.</summary>
internal sealed class NodeStartTimeout(NodePrerequisites needs, PipelineState state, TimeProvider time, ILogger logger)
    : SupervisedService("node wait", time, logger)
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await Time.DelayAsync(NodePrerequisites.NodeObjectGracePeriod, stoppingToken);
        if (!needs.IsOverdue(state.Node)) return;
        foreach (var reason in needs.Missing(state.Node)) Log.NodeOverdue(Logger, reason);
    }
}
