using EbpfLb.Agent.Reload;
using EbpfLb.Http.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>The configuration file: watched, read anew, in force as far as it can be.</summary>
internal static class ConfigReloadModule
{
    public static IServiceCollection AddConfigReload(this IServiceCollection services, AgentContext agent)
        => agent is { Reload: { } reload, Options.Start.ConfigPath: { } file }
            ? services.AddRunning(p => new ConfigWatcher(
                file, agent.Options.Config.Text,
                new ConfigReload(reload, agent.Options, p.Get<ConfigState>(), agent.Logger<ConfigReload>()).Run,
                new ConfigMetrics(agent.Metrics, agent.Time.GetUtcNow()), agent.Time, agent.Logger<ConfigWatcher>()))
            : services;
}
