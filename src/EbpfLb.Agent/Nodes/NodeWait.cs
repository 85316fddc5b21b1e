using EbpfLb.Agent.Pipeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>Says once, and loudly, that the Node object which the options need did not come in time.</summary>
internal sealed class NodeWait(NodeNeeds needs, PipelineState state, TimeProvider time, ILogger logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(NodeNeeds.Patience, time, stoppingToken);
            if (!needs.IsOverdue(state.Node)) return;
            foreach (var reason in needs.Missing(state.Node)) Log.NodeOverdue(logger, reason);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The agent ends.
        }
    }
}
