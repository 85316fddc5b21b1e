using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// What waits or runs beside the pipeline does it by EbpfLb.Timing: timers of .NET throw on times beyond 49.7 days, and a service that
/// throws would end the agent, or only itself and nobody would know. The pipeline is no side service: it ends the agent on purpose.
/// </summary>
internal static partial class Waiting
{
    /// <summary>Where it is done; the pipeline; and who turns times of the wall clock that others stamped into words.</summary>
    private static readonly string[] Exempt =
    [
        "src/EbpfLb.Timing/", "src/EbpfLb.Kubernetes/Auth/ExecPlugin.cs", "src/EbpfLb.Agent/Hosting/PipelineService.cs",
        "src/EbpfLb.Agent/Hosting/HostRun.cs",
        "src/EbpfLb.Datapath/Flows/FlowClock.cs", "src/EbpfLb.Http/Metrics/SourceMetrics.cs", "src/EbpfLb.Agent/Control/AgentView.cs",
    ];

    public static IEnumerable<string> Violations(SourceTree tree)
    {
        foreach (var (path, text) in tree.WithExtension(".cs"))
        {
            if (!path.StartsWith("src/", StringComparison.Ordinal) || Exempt.Any(e => path.StartsWith(e, StringComparison.Ordinal)))
                continue;
            foreach (var found in Forbidden().Matches(SourceText.WithoutComments(text)).Select(m => m.Value))
                yield return $"{path}: {found} is not used here; wait by DelayAsync or WakeablePeriod, "
                    + "and run services as SupervisedService (src/EbpfLb.Timing)";
        }
    }

    [GeneratedRegex(@"\bTask\.Delay\b|\bPeriodicTimer\b|\bBackgroundService\b|\bGetUtcNow\(\) *[-+<>]|new (System\.Threading\.)?Timer\(",
        RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Forbidden();
}
