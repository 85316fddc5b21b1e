using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;

namespace EbpfLb.Agent.Reload;

/// <summary>
/// What is known of the configuration: what is in force, and what is wrong with the file. Written by the watcher, read by anybody.
/// </summary>
internal sealed class ConfigState(AgentOptions options)
{
    private volatile Problem problem = new(null, []);

    /// <summary>What is in force.</summary>
    public LoadedConfig InForce => options.Config;

    /// <summary>The file holds something that cannot be used; what was there before stays in force.</summary>
    public bool IsFileBad => problem.Error is not null;

    /// <summary>
    /// For `ebpflb status`: what is wrong with the file, what of it waits for a restart, and what of it counts for nothing.
    /// </summary>
    public IReadOnlyList<string> Warnings =>
    [
        .. problem.Error is { } error ? [$"the configuration file changed and cannot be used, so the one before stays in force: {error}"]
            : Array.Empty<string>(),
        .. problem.NeedRestart.Count > 0
            ? [$"these fields of the configuration file have changed and need a restart: {string.Join(", ", problem.NeedRestart)}"]
            : Array.Empty<string>(),
        .. InForce.Warnings,
    ];

    /// <param name="needRestart">Fields that differ from what the agent runs with.</param>
    public void RecordGood(IReadOnlyList<string> needRestart) => problem = new(null, needRestart);

    public void RecordBad(string error) => problem = problem with { Error = error };

    public string ToJson() => ConfigJson.Write(InForce);

    private sealed record Problem(string? Error, IReadOnlyList<string> NeedRestart);
}
