using System.Globalization;
using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Http.Metrics;

namespace EbpfLb.Agent.Hosting;

/// <summary>/configz, /flagz, /statusz and the switch of the verbosity.</summary>
internal static class AgentPages
{
    private const int MostVerbose = 10;

    /// <param name="configuration">What is in force, as JSON.</param>
    public static DebugPages Of(StartOptions options, Func<string> configuration, Verbosity verbosity, TimeProvider time)
    {
        var (started, begun) = (time.GetUtcNow(), time.GetTimestamp());
        return new DebugPages(
            configuration,
            () => string.Concat(options.Flags.Select(f => f + "\n")),
            () => Status(options, verbosity, started, time.GetElapsedTime(begun)),
            options.EnableProfiling ? text => SetVerbosity(verbosity, text) : null);
    }

    private static string Status(StartOptions options, Verbosity verbosity, DateTimeOffset started, TimeSpan up) => string.Concat(
        $"Version: {VersionCommand.Version}\n",
        $"Runtime: .NET {Environment.Version}\n",
        $"Started: {started:u}\n",
        $"Up: {up.ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture)}\n",
        $"Instance: {options.Instance.Name}\n",
        $"Node: {options.NodeName}\n",
        $"Verbosity: {verbosity.Level}\n",
        "Paths: /metrics /metrics/slis /healthz /proxyMode /configz /flagz /page\n");

    private static string? SetVerbosity(Verbosity verbosity, string text)
    {
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var level) || level is < 0 or > MostVerbose)
            return $"'{text}' is not a level; send a number from 0 to {MostVerbose}";
        verbosity.Level = level;
        return null;
    }
}
