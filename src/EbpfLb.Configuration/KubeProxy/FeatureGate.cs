namespace EbpfLb.Configuration.KubeProxy;

/// <summary>One entry of `featureGates`.</summary>
public sealed record FeatureGate(string Name, bool IsOn);
