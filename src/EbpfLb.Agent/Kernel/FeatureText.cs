using EbpfLb.Bpf;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Kernel;

/// <summary>What a kernel lacks, in words.</summary>
internal static class FeatureText
{
    /// <summary>What does not work without it, and why it is missing.</summary>
    public static string Lost(KernelFeature feature) => $"{feature.Lost} ({feature.Reason})";

    /// <summary>The missing ones, a line each.</summary>
    public static IReadOnlyList<string> Missing(IEnumerable<KernelFeature> features)
        => [.. features.Where(f => f.IsMissing).Select(f => $"{f.Name}: {Lost(f)}")];

    /// <summary>
    /// Into the log: those that are there in one line, each that is missing with what is lost. What is not known yet is left out.
    /// </summary>
    public static void Write(ILogger logger, IReadOnlyList<KernelFeature> features)
    {
        var available = string.Join(',', features.Where(f => f.IsAvailable).Select(f => f.Name));
        if (available.Length > 0) Log.KernelFeatures(logger, available);
        foreach (var feature in features.Where(f => f.IsMissing))
            Log.KernelFeatureMissing(logger, feature.Name, feature.Lost, feature.Reason);
    }
}
