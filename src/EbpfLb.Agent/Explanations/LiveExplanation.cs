using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Explain;
using EbpfLb.Model;

namespace EbpfLb.Agent.Explanations;

/// <summary>Explains on the node itself: what the agent says, and what the kernel does.</summary>
internal sealed class LiveExplanation(IInstanceView view, InstanceOptions instance, Terminal terminal)
{
    /// <summary>Lines of a batch that go to the agent at once; a request has 64 KiB at most.</summary>
    private const int MostBytes = FlowRequests.MostBytes / 2;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task<int> OneAsync(Flow flow, OutputFormat format, CancellationToken cancellationToken)
    {
        // Whether a program sees its packets depends on the device that they come in by.
        var asked = flow with { IngressInterface = KernelFindings.IngressOf(KernelOptions.Of(instance), flow) };
        var report = view.Explanations is { } agent ? await agent.ExplainAsync(asked, cancellationToken) : null;
        var answer = report is null ? new JsonObject() : JsonNode.Parse(report.Answer)!.AsObject();
        var path = (string?)answer["path"] ?? flow.Path?.ToString().ToLowerInvariant();
        var kernel = await KernelFindings.ReadAsync(KernelOptions.Of(instance), view, flow, report, path != "socket", cancellationToken);
        kernel = kernel with { Stale = [.. kernel.Stale, .. Disagreements(answer, kernel.Packet)] };
        if (format == OutputFormat.Json)
        {
            answer["kernel"] = JsonSerializer.SerializeToNode(kernel, ControlJson.Default.KernelReport);
            await terminal.Out.WriteLineAsync(answer.ToJsonString(Plain));
            return ExitCode.Ok;
        }
        if (report is null)
        {
            await terminal.Error.WriteLineAsync("no agent answers: only what the kernel holds can be said");
        }
        else
        {
            KernelReportText.WriteDisagreement(terminal.Out, kernel);
            await terminal.Out.WriteAsync(report.Text);
        }
        KernelReportText.Write(terminal.Out, kernel);
        return ExitCode.Ok;
    }

    /// <summary>A batch is answered by the agent's table alone.</summary>
    public async Task<int> AllAsync(Stream flows, CancellationToken cancellationToken)
    {
        if (view.Explanations is not { } agent)
            throw new IOException(
                $"no agent answers, and the maps hold no names: start it, or explain manifests with {OptionNames.Manifests}");
        using var reader = new StreamReader(flows);
        var (lines, number, bad) = (new StringBuilder(), 1, 0);
        var count = 0;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (lines.Length + line.Length > MostBytes) await SendAsync();
            lines.Append(line).Append('\n');
            count++;
        }
        await SendAsync();
        return await ExplanationText.EndAsync(terminal, bad);

        async Task SendAsync()
        {
            if (lines.Length == 0) return;
            var answers = await agent.ExplainAsync(lines.ToString(), number, cancellationToken);
            bad += answers.Split('\n').Count(a => a.StartsWith("{\"error\"", StringComparison.Ordinal));
            await terminal.Out.WriteAsync(answers);
            lines.Clear();
            number += count;
            count = 0;
        }
    }

    /// <summary>Where the real program did other than the agent says.</summary>
    private static IEnumerable<string> Disagreements(JsonObject answer, KernelPacket? packet)
    {
        if (packet is null || (string?)answer["verdict"] is not { } verdict) yield break;
        var expected = verdict switch { "dnat" => "translated", "reject" => "refused", "drop" => "dropped", _ => "passed" };
        if (packet.Outcome != expected)
        {
            yield return $"the agent says {verdict}, but the program's packet is {packet.Outcome}";
            yield break;
        }
        if (expected != "translated") yield break;
        var backends = answer["backends"]!.AsArray().Select(b => $"{BackendText(b!)}").ToList();
        if (!backends.Contains(packet.Destination)) yield return $"the program chose {packet.Destination}, which the agent does not name";
    }

    private static string BackendText(JsonNode backend)
        => NameText.Endpoint((string)backend["address"]!, (int)backend["port"]!);
}
