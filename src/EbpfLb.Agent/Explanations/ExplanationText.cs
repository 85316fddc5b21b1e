using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Explain;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Explanations;

/// <summary>An explanation for people.</summary>
internal static class ExplanationText
{
    private const int LabelWidth = 12;

    private const string NoEntry
        = "none for backends of other nodes, except of a flow that began at a place of the table that had changed hands";

    public static void Write(Terminal terminal, Explainer explainer, Explanation explanation)
    {
        var output = terminal.Out;
        output.WriteLine($"{explanation.Flow}: {Verdict(explanation)}");
        output.WriteLine();
        Line("reason", explanation.Reason);
        Line("path", $"{Lower(explanation.Source.Path)}: {explanation.Source.PathWhy}");
        Line("source", $"{Lower(explanation.Source.Class)}: {explanation.Source.Why}");
        if (explanation.Frontend is { } frontend) Line("frontend", $"{frontend.Kind} {frontend.Frontend}");
        if (explanation.Service is { } service) Line("service", explanation.ServiceText ?? service.ToString());
        if (explanation.ListReason.Length > 0) Line("list", $"{explanation.List.ToString()[2..]}: {explanation.ListReason}");
        if (explanation.Port is { } port) WritePort(explanation, port);
        if (explanation.Verdict == FlowVerdict.Dnat)
        {
            Line("masquerade", explanation.MasqueradeReason);
            Line("becomes", Becomes(explanation));
            if (explanation.Backends.Any(b => b.HasNoEntry)) Line("entry", NoEntry);
            if (explanation.Front is { } front) Line("xdp", front.Why);
        }
        foreach (var problem in explainer.Problems(explanation)) Line("look", problem);
        WriteCandidates(terminal, explainer, explanation);

        void Line(string label, string text) => output.WriteLine($"  {label.PadRight(LabelWidth)}{text}");

        void WritePort(Explanation known, CompiledPort served)
        {
            if (known.Frontend?.Kind == FrontendKind.LoadBalancer)
                Line("ranges", served.Ranges.IsEmpty ? "any source" : $"only {string.Join(", ", served.Ranges)}");
            if (known.Verdict == FlowVerdict.Dnat) Line("scheduler", SchedulerText.Of(served, known.List));
            Line("affinity", served.AffinitySeconds == 0 ? "none: the scheduler decides for each connection"
                : $"ClientIP: for {served.AffinitySeconds} s after its last connection a "
                    + "client keeps its endpoint, as long as that is in the list");
        }
    }

    /// <summary>The exit code of a batch; says how many lines could not be answered.</summary>
    public static async Task<int> EndAsync(Terminal terminal, int bad)
    {
        if (bad == 0) return ExitCode.Ok;
        await terminal.Error.WriteLineAsync($"lines that are no flows: {bad}; each answer says what is wrong");
        return ExitCode.Failed;
    }

    private static string Verdict(Explanation explanation) => explanation.Verdict switch
    {
        FlowVerdict.Dnat
            => explanation.Backends.Count == 1 ? "goes to the one backend" : $"goes to one of {explanation.Backends.Count} backends",
        FlowVerdict.Reject => "is refused",
        FlowVerdict.Drop => "is dropped",
        _ => "is left alone",
    };

    private static string Becomes(Explanation explanation)
    {
        var changed = explanation.Backends.Any(b => b.Masquerade);
        var kept = explanation.Backends.Any(b => !b.Masquerade);
        var target = explanation.Backends.Count == 1 ? explanation.Backends[0].Address.ToString() : "the endpoint";
        return changed && kept ? $"{explanation.Flow.From}, or where masqueraded an address of this node -> {target}"
            : changed ? $"an address of this node -> {target}" : $"{explanation.Flow.From} -> {target}";
    }

    private static void WriteCandidates(Terminal terminal, Explainer explainer, Explanation explanation)
    {
        var candidates = explainer.Candidates(explanation);
        if (candidates.Count == 0) return;
        var chosen = explanation.Backends.ToDictionary(b => b.Address);
        terminal.Out.WriteLine();
        terminal.Write(new Table(
            [new("ENDPOINT"), new("NODE"), new("CHOSEN"), new("CLIENT"), new("WHY")],
            [.. candidates.Select(c => new[]
            {
                c.Address.ToString(), c.Node ?? "-", c.Chosen ? "yes" : "no",
                chosen.TryGetValue(c.Address, out var backend) ? Client(backend) : "-", c.Reason,
            })]));
    }

    /// <summary>What a backend sees of the client.</summary>
    private static string Client(ChosenBackend backend)
        => backend.Masquerade ? "masqueraded" : backend.Tunnel is { } node ? $"kept, by a tunnel to {node}" : "kept";

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
