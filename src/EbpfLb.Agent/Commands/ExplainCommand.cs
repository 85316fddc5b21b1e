using EbpfLb.Agent.Explanations;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Configuration;
using EbpfLb.Explain;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb explain`: what happens to a connection, and why.</summary>
internal sealed class ExplainCommand(CommandContext context)
{
    public async Task<int> ExecuteAsync(ExplainOptions options, CancellationToken cancellationToken)
    {
        var terminal = context.Terminal;
        try
        {
            if (options.Manifests is null) return await LiveAsync(options, cancellationToken);
            var cluster = Load(options, options.Manifests);
            foreach (var note in cluster.Notes) await terminal.Error.WriteLineAsync($"note: {note}");
            if (options.Flows is { } file) return await BatchAsync(cluster.Explainer, file, cancellationToken);
            Answer(cluster.Explainer, options.Flow!, options.Format);
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is StartException or ConfigException or IOException or UnauthorizedAccessException)
        {
            await terminal.Error.WriteLineAsync($"cannot explain: {e.Message}");
            return ExitCode.Failed;
        }
    }

    private Task<int> LiveAsync(ExplainOptions options, CancellationToken cancellationToken)
        => context.AskAsync(options.Instance, async view =>
    {
        var live = new LiveExplanation(view, options.Instance, context.Terminal);
        if (options.Flows is not { } file) return await live.OneAsync(options.Flow!, options.Format, cancellationToken);
        await using var flows = Open(file);
        return await live.AllAsync(flows, cancellationToken);
    }, cancellationToken);

    private static Stream Open(string file)
    {
        try
        {
            return file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"--flows: {e.Message.TrimEnd('.')}; correct the path, or give - for the standard input", e);
        }
    }

    private OfflineCluster Load(ExplainOptions options, string manifests)
    {
        if (options.Config is not { } file) return OfflineCluster.Load(manifests, options.NodeName, options.Given, options.NodeAddresses);
        var config = ConfigFile.Load(file);
        foreach (var warning in config.Warnings) context.Terminal.Error.WriteLine($"note: {file}: {warning}");
        var name = config.KubeProxy.HostnameOverride.Trim().ToLowerInvariant();
        return OfflineCluster.Load(manifests, options.NodeName ?? (name.Length > 0 ? name : null),
            config, options.NodeAddresses);
    }

    private void Answer(Explainer explainer, Flow flow, OutputFormat format)
    {
        var explanation = explainer.Explain(flow);
        if (format != OutputFormat.Json)
        {
            ExplanationText.Write(context.Terminal, explainer, explanation);
            return;
        }
        context.Terminal.Out.WriteLine(FlowJson.Line(flow, explanation));
    }

    private async Task<int> BatchAsync(Explainer explainer, string file, CancellationToken cancellationToken)
    {
        await using var flows = Open(file);
        using var batch = new FlowBatch(explainer, context.Terminal.Out, note => context.Terminal.Error.WriteLine($"note: {note}"));
        await batch.RunAsync(flows, cancellationToken);
        return await ExplanationText.EndAsync(context.Terminal, batch.Bad);
    }
}
