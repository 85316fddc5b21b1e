using EbpfLb.Bpf;

namespace EbpfLb.Agent.Kernel;

/// <summary>What a kernel lacks, in words.</summary>
internal static class FeatureText
{
    /// <summary>What does not work without it, and why it is missing.</summary>
    public static string Lost(KernelFeature feature) => $"{feature.Lost} ({feature.Reason})";

    /// <summary>The missing ones, a line each.</summary>
    public static IReadOnlyList<string> Missing(IEnumerable<KernelFeature> features)
        => [.. features.Where(f => !f.IsAvailable).Select(f => $"{f.Name}: {Lost(f)}")];
}
