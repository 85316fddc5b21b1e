using System.Globalization;
using System.Text.Json.Nodes;
using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Http.Metrics;

namespace EbpfLb.Agent.Hosting;

/// <summary>/configz, /flagz, /statusz and the switch of the verbosity.</summary>
internal static class AgentPages
{
    private const int MostVerbose = 10;

    public static DebugPages Of(RunOptions options, Verbosity verbosity, TimeProvider time)
    {
        var started = time.GetUtcNow();
        return new DebugPages(
            options.ConfigurationJson ?? (() => Configuration(options).ToJsonString()),
            () => string.Concat(options.Flags.Select(f => f + "\n")),
            () => Status(options, verbosity, started, time.GetUtcNow()),
            options.EnableProfiling ? text => SetVerbosity(verbosity, text) : null);
    }

    /// <summary>What kube-proxy's configuration calls these options, under the name that it has in /configz.</summary>
    private static JsonObject Configuration(RunOptions options) => new()
    {
        ["kubeproxy.config.k8s.io"] = new JsonObject
        {
            ["mode"] = MetricsEndpoints.ProxyMode,
            ["hostnameOverride"] = options.NodeName,
            ["healthzBindAddress"] = options.HealthzAddress?.ToString() ?? "",
            ["metricsBindAddress"] = options.MetricsAddress?.ToString() ?? "",
            ["bindAddressHardFail"] = options.BindAddressHardFail,
            ["enableProfiling"] = options.EnableProfiling,
            ["clientConnection"] = new JsonObject { ["kubeconfig"] = options.KubeConfig ?? "" },
            ["detectLocalMode"] = options.Node.Detector.Mode.ToString(),
            ["detectLocal"] = new JsonObject { ["interface"] = options.Node.Detector.Interface ?? "" },
            ["clusterCIDR"] = string.Join(',', options.Node.Detector.ClusterCidrs),
            ["nodePortAddresses"] = options.Node.NodePortAddresses.ToString(),
            ["syncPeriod"] = Seconds(options.SyncPeriod),
            ["minSyncPeriod"] = Seconds(options.MinSyncPeriod),
        },
    };

    private static string Status(RunOptions options, Verbosity verbosity, DateTimeOffset started, DateTimeOffset now) => string.Concat(
        $"Version: {VersionCommand.Version}\n",
        $"Runtime: .NET {Environment.Version}\n",
        $"Started: {started:u}\n",
        $"Up: {(now - started).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture)}\n",
        $"Instance: {options.Instance.Name}\n",
        $"Node: {options.NodeName}\n",
        $"Verbosity: {verbosity.Level}\n",
        "Paths: /metrics /metrics/slis /healthz /proxyMode /configz /flagz\n");

    private static string? SetVerbosity(Verbosity verbosity, string text)
    {
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var level) || level is < 0 or > MostVerbose)
            return $"'{text}' is not a level; send a number from 0 to {MostVerbose}";
        verbosity.Level = level;
        return null;
    }

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s";
}
