using EbpfLb.Agent.Control;
using EbpfLb.Agent.Output;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Nodes;
using EbpfLb.Datapath.Node;
using EbpfLb.Explain;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Explanations;

/// <summary>Explains with the table of the last round and the node as the programs were told of it.</summary>
internal sealed class AgentExplainer(PipelineState state, Func<NodeOptions> options, string nodeName) : IExplainView
{
    private readonly Lock sync = new();
    private (ForwardingTable Table, NodeView View, Node? Object, Explainer Explainer)? held;

    public Task<ExplainReport> ExplainAsync(Flow flow, CancellationToken cancellationToken)
    {
        lock (sync)
        {
            var explainer = Current();
            var explanation = explainer.Explain(flow);
            using var text = new StringWriter();
            ExplanationText.Write(new Terminal(text, text, width: null), explainer, explanation);
            var port = explanation.Port;
            return Task.FromResult(new ExplainReport(
                FlowJson.Line(flow, explanation), text.ToString(), Explainer.TableKey(explanation)?.ToString(),
                Of(port, BackendLists.InCluster), Of(port, BackendLists.InLocal))
            {
                IsLocal = explanation.List == BackendLists.InLocal,
            });
        }
    }

    public Task<string> ExplainAsync(string lines, int first, CancellationToken cancellationToken)
    {
        lock (sync)
        {
            using var output = new StringWriter();
            using var batch = new FlowBatch(Current(), output, _ => { }, first);
            batch.Run(lines);
            return Task.FromResult(output.ToString());
        }
    }

    private Explainer Current()
    {
        var (table, view) = (
            state.Table ?? throw new FormatException("the agent has compiled nothing yet; `ebpflb status` says why"), state.NodeView);
        if (held is { } now && now.Table == table && ReferenceEquals(now.View, view) && ReferenceEquals(now.Object, state.Node))
            return now.Explainer;
        var explainer = new Explainer(table, ExplainContexts.Of(options(), nodeName, state.Node, view));
        held = (table, view, state.Node, explainer);
        return explainer;
    }

    private static IReadOnlyList<string> Of(CompiledPort? port, BackendLists list)
        => port is null ? [] : [.. port.Backends.Where(b => b.Lists.HasFlag(list)).Select(b => b.Address.ToString())];
}
